"""Clients' logins are called by an address: who may not see personal data sees a number, and finds none."""

from uuid import uuid4

import pytest
from django.test import Client

from brokerage.access.models import SignIn, User
from brokerage.ledger import seams
from tests import desk

pytestmark = pytest.mark.django_db
NAME, WHENCE = "canary@example.com", "198.51.100.77"


@pytest.fixture
def owner() -> User:
    """A client's login that was used from somewhere."""
    user = desk.member("client", name=NAME, staff=False)
    used(user)
    return user


def used(user: User) -> None:
    """A stay of the login."""
    now = seams.now()
    SignIn.objects.create(user=user, address=WHENCE, device="", began_at=now, seen_at=now)


def read(role: str, path: str) -> str:
    """What a page says to a role."""
    user = User.objects.filter(username=role).first() or desk.member(role, name=role)
    browser = Client()
    browser.force_login(user)
    return browser.get(path).content.decode()


def test_the_list_names_clients_to_whoever_may_see_personal_data(owner: User) -> None:
    assert NAME in read("compliance", "/staff/logins/")
    seen = read("auditor", "/staff/logins/")
    assert NAME not in seen
    assert str(owner.stream) in seen


def test_a_search_finds_clients_for_the_same_people_only(owner: User) -> None:
    link = f"/staff/logins/{owner.pk}/"
    assert link in read("compliance", "/staff/logins/?q=canary")
    assert link not in read("auditor", "/staff/logins/?q=canary")
    auditor = User.objects.get(username="auditor")
    assert f"/staff/logins/{auditor.pk}/" in read("auditor", "/staff/logins/?q=audit")


def test_a_clients_page_tells_name_and_addresses_to_the_same_people_only(owner: User) -> None:
    page = f"/staff/logins/{owner.pk}/"
    for words in (NAME, WHENCE):
        assert words in read("compliance", page)
        assert words not in read("auditor", page)


def test_where_staff_came_from_is_shown_to_whoever_sees_logins() -> None:
    staff = desk.member("credit", name=f"staff-{uuid4()}")
    used(staff)
    assert WHENCE in read("auditor", f"/staff/logins/{staff.pk}/")


def test_the_order_tells_nothing_of_names() -> None:
    logins = [
        desk.member("client", name=name, staff=False) for name in ("zoe@example.com", "ann@example.com")
    ]
    seen = read("auditor", "/staff/logins/")
    places = [seen.index(str(login.stream)) for login in logins]
    assert places == sorted(places)
