"""Every address there is, tried by everybody who should not get in."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from brokerage.access.rules import ROLES, Role
from brokerage.ledger import queries as ledger
from tests import desk

IDS = {
    "uuid": "0192f3a0-0000-7000-8000-000000000000",
    "int": "1",
    "str": "x",
    "path": "x",
    "slug": "x",
}


class Address(NamedTuple):
    """One route: its name, a path that reaches it, and whether it is REST or Django's admin."""

    name: str
    path: str
    kind: str


def addresses(patterns=None, prefix="/", kind="page") -> Iterator[Address]:
    """Every route of the product, walked from the root."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + filled(pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, path, "admin" if pattern.app_name == "admin" else kind)
        elif isinstance(pattern, URLPattern):
            rest = getattr(pattern.callback, "cls", None) is not None
            yield Address(pattern.name or "", path, "rest" if rest else kind)


def filled(pattern) -> str:
    """A route with an example in each place of a converter."""
    route = str(pattern.pattern)
    for name, converter in pattern.pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
        for written in (f"<{kind}:{name}>", f"<{name}>"):
            route = route.replace(written, IDS.get(kind, "x"))
    return "admin/x/" if route.startswith("(?P") else route.replace("^", "").replace("$", "")


ALL = list(addresses())
PAGES = [each for each in ALL if each.kind == "page" and each.name not in desk.PUBLIC]
CLOSED = [each for each in ALL if each.kind != "rest" and each.name not in desk.PUBLIC]
BOUND = [each for each in ALL if each.kind != "rest"]


def test_every_page_is_in_the_statement_of_who_sees_what():
    assert {each.name for each in PAGES} == set(desk.PAGES) | desk.ANY_STAFF | desk.PORTAL


def test_no_page_outside_the_statement_is_public(client, db):
    opened = {each.name for each in ALL if each.kind == "page" and client.get(each.path).status_code == 200}
    assert opened <= desk.PUBLIC


def test_a_stranger_is_sent_to_the_login(client, db):
    for address in CLOSED:
        answer = client.get(address.path)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith(("/staff/login/", "/admin/login/", "/portal/login/")), address


def test_a_client_opens_the_portal_and_nothing_else(client, db):
    client.force_login(desk.member("client", staff=False))
    opened = {each.name for each in CLOSED if client.get(each.path).status_code != 403}
    assert opened == desk.PORTAL


def test_staff_without_a_role_see_only_their_own_pages(client, db):
    client.force_login(desk.member())
    opened = {each for each in CLOSED if client.get(each.path).status_code != 403}
    assert {each.name for each in opened if each.kind == "page"} == desk.ANY_STAFF
    assert [each for each in opened if each.kind == "admin"] == []


@pytest.mark.parametrize("role", desk.SEES)
def test_a_role_opens_what_the_statement_says_and_nothing_else(role, client, db):
    client.force_login(desk.member(role))
    for address in PAGES:
        if address.name in desk.PAGES:
            refused = client.get(address.path).status_code == 403
            assert refused == (desk.PAGES[address.name] not in desk.SEES[role]), address.path


def test_the_roles_in_code_are_those_of_the_statement():
    held = {role.value: {perm.removeprefix("access.") for perm in ROLES[role]} for role in Role}
    assert held == desk.SEES


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_unsafe_passes_without_its_token(method, db):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(desk.member("operations"))
    assert [each for each in BOUND if getattr(browser, method)(each.path).status_code != 403] == []


def test_the_admin_leads_to_the_desk_for_whatever_it_would_change_itself():
    own = {"login", "logout", "password_change", "password_change_done"}
    left = {
        each.name: resolve(each.path).view_name for each in ALL if each.kind == "admin" and each.name in own
    }
    assert left.keys() == own
    assert [name for name in left.values() if not name.startswith("admin-")] == []


def test_a_password_is_not_changed_and_a_stay_not_left_open_by_way_of_the_admin(client, db):
    user = desk.member("auditor")
    client.force_login(user)
    fresh = "quite other words entirely"
    form = {"old_password": desk.PASSWORD, "new_password1": fresh, "new_password2": fresh}
    assert client.post("/admin/password_change/", form)["Location"] == "/staff/password/"
    assert client.post("/admin/logout/")["Location"] == "/staff/logout/"
    client.post("/admin/logout/", follow=True)
    user.refresh_from_db()
    assert user.check_password(desk.PASSWORD)
    assert user.sign_ins.get().ended_at is not None
    assert [row.kind for row in ledger.events(user.stream)] == ["access.signed-out"]


def test_a_role_taken_away_closes_the_page_at_once(client, db):
    user = desk.member("auditor")
    client.force_login(user)
    assert client.get("/staff/ledger/").status_code == 200
    user.groups.clear()
    assert client.get("/staff/ledger/").status_code == 403


def test_a_part_of_a_page_does_not_turn_into_the_login_form(client, db):
    answer = client.get("/staff/margin/", headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert not answer.content
