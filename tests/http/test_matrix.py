"""Every REST route, by every role, by a stranger, and by another client: against expectations.py.

Pages are walked by test_gate, against tests/desk.py.
"""

import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver

from brokerage.http import rest
from brokerage.ledger import queries as ledger
from tests import desk
from tests.http import callers
from tests.http.expectations import COMMON, ROUTES

REFUSED = (401, 403)


def routes():
    """The name, the template and the view of each REST route."""
    found = []

    def walk(patterns, prefix):
        for pattern in patterns:
            template = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                walk(pattern.url_patterns, template)
            elif getattr(pattern.callback, "cls", None) is not None:
                found.append((pattern.name, "/" + template, pattern.callback.cls))

    walk(get_resolver().url_patterns, "")
    return sorted(found, key=lambda route: str(route[0]))


ALL = routes()


def filled(template, broker):
    """The path with what belongs to the first client wherever an id stands."""
    entry = ledger.events(broker.account)[0].entry
    ids = {"client": broker.client, "account": broker.account, "entry": entry}
    ids |= {"code": "0700", "kind": "custody.deposited"}
    path = template
    while "<" in path:
        before, _, rest_of = path.partition("<")
        converter, _, after = rest_of.partition(">")
        path = f"{before}{ids.get(converter.rpartition(':')[2], uuid4())}{after}"
    return path


def ask(browser, path, view):
    """The status of what the route is for."""
    headers = {"Idempotency-Key": str(uuid4())}
    method = "post" if hasattr(view, "post") else "get"
    if method == "get":
        return browser.get(path).status_code
    return browser.post(path, "{}", content_type="application/json", headers=headers).status_code


@pytest.fixture(autouse=True)
def unhurried(settings):
    settings.REST_QUOTA_LOGIN = settings.REST_QUOTA_ADDRESS = 10**6


def test_every_route_is_in_the_statement():
    assert {name for name, _, _ in ALL} == set(ROUTES)


def test_every_route_stands_on_the_contract_or_is_the_pages():
    outside = {name for name, _, view in ALL if not issubclass(view, rest.RestView)}
    assert outside == {"api-docs"}


def test_a_stranger_gets_nowhere(broker):
    opened = {
        name for name, template, view in ALL if ask(Client(), filled(template, broker), view) not in REFUSED
    }
    assert opened == set()


@pytest.mark.parametrize("role", desk.SEES)
def test_a_role_reaches_what_the_statement_says_and_nothing_else(role, broker):
    browser = callers.staff(role).http
    opened = {
        name for name, template, view in ALL if ask(browser, filled(template, broker), view) not in REFUSED
    }
    assert opened == {
        name for name, (asked, _) in ROUTES.items() if asked is None or asked in desk.SEES[role]
    }


def test_a_client_reaches_his_own(holder, broker):
    for name, template, view in ALL:
        status = ask(holder.http, filled(template, broker), view)
        assert (status not in REFUSED) == ROUTES[name][1], (name, status)


def test_another_clients_id_does_not_exist(broker):
    other = callers.holder_of(broker.other_client, name="other").http
    for name, template, view in ALL:
        if "<" in template and ROUTES[name][1] and name not in COMMON:
            assert ask(other, filled(template, broker), view) == 404, name


def test_another_clients_id_as_a_parameter_finds_nothing(broker):
    other = callers.holder_of(broker.other_client, name="other").http
    for name, template, view in ALL:
        if not ROUTES[name][1]:
            continue  # no client gets that far, as test_a_client_reaches_his_own proves
        for parameter in {"client", "account"} & set(
            view.parameters().fields if hasattr(view, "parameters") else ()
        ):
            wanted = {"client": broker.client, "account": broker.account}[parameter]
            answer = other.get(filled(template, broker), {parameter: wanted})
            assert json.loads(answer.content)["data"] == [], (name, parameter)
