import pytest
from django.core.management import CommandError, call_command

from brokerage.access.models import User
from tests import desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def roles(db):
    desk.member("credit", "auditor", name="somebody")


def test_adds_a_login_that_works_and_prints_its_password_once(client, capsys):
    call_command("staff", "add", "ada", "--person", "e-17", "--role", "auditor")
    name, password = capsys.readouterr().out.split()
    assert client.login(request=None, username=name, password=password)
    assert client.get("/staff/ledger/").status_code == 200
    call_command("staff", "list")
    assert "ada                      E-17             auditor" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "role"), [("ada", "emperor"), ("somebody", "credit")])
def test_refuses_an_unknown_role_and_a_name_that_is_taken(name, role):
    before = User.objects.count()
    with pytest.raises(CommandError):
        call_command("staff", "add", name, "--person", "E-18", "--role", role)
    assert User.objects.count() == before


def test_closes_a_login_at_once(client):
    client.force_login(User.objects.get(username="somebody"))
    call_command("staff", "close", "somebody")
    assert client.get("/staff/").status_code == 302
    with pytest.raises(CommandError):
        call_command("staff", "close", "nobody")
