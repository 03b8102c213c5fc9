import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from brokerage.access.models import User
from tests import desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def roles(db):
    desk.member("credit", "auditor", name="somebody")


def test_adds_a_login_that_works_once_its_owner_chose_a_password(client, capsys):
    call_command("staff", "add", "ada", "--person", "e-17", "--role", "auditor")
    name, link = capsys.readouterr().out.split()
    client.get(link[link.index("/staff/") :])
    client.post("/staff/choose-password/", dict.fromkeys(("new_password1", "new_password2"), desk.PASSWORD))
    assert client.login(request=None, username=name, password=desk.PASSWORD)
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


@pytest.mark.parametrize(
    ("asked", "instead"),
    [
        (["createsuperuser", "--username", "root", "--email", "root@example.com", "--noinput"], "staff add"),
        (["changepassword", "somebody"], "staff close"),
    ],
)
def test_stands_in_for_the_commands_of_django_that_go_round_it(asked, instead):
    before = list(User.objects.values_list("username", "password"))
    with pytest.raises(CommandError, match=f"manage.py {instead}"):
        call_command(*asked)
    assert list(User.objects.values_list("username", "password")) == before


def test_nobody_is_a_superuser_and_the_mark_would_give_no_right():
    user = User.objects.get(username="somebody")
    user.is_superuser = True
    assert user.has_perm("access.make_limits")
    assert not user.has_perm("access.make_sales")
    user.is_active = False
    assert not user.has_perm("access.make_limits")
    with pytest.raises(IntegrityError, match="access_no_superuser"):
        User.objects.create_superuser("root", password=desk.PASSWORD)
