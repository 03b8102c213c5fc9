"""Every REST route, by every role, by a stranger, and by another client: against expectations.py.

Pages are walked by test_gate, against tests/desk.py.
"""

import json
import re
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver

from brokerage.access import keys, scopes
from brokerage.access.models import ApiKey
from brokerage.access.rules import Perm
from brokerage.clients.rules.documents import DocumentKind
from brokerage.config import newcomers
from brokerage.http import rest
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
from custody.queries import account as custody_account
from margin.queries import account as margin_account
from margin.revaluation import revalue
from tests import desk, factories, onboarding
from tests.http import callers
from tests.http.expectations import COMMON, ROUTES
from tests.margin.firm import FALLEN, Firm, open_call

REFUSED = (401, 403)
IN_90_DAYS = (hong_kong_date(seams.now()) + timedelta(days=90)).isoformat()
BODIES = {
    "api-application-start": {"form": "individual", "signatures": 1, "margin": False},
    "api-application-remove-party": {"role": "holder"},
    "api-authority-renew": {"ends": IN_90_DAYS},
    "api-client-give-standing-authority": {
        "purpose": "repledge-securities",
        "ends": IN_90_DAYS,
        "revocation_stated": True,
    },
    "api-complaint-receive": {"subject": "service", "channel": "portal", "text": "Slow"},
}
"""What else is sent with an id to the clients' routes that take one in the body; KeyError without it."""


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
OF_CLIENTS = [route for route in ALL if ROUTES[route[0]][1]]


def places(route):
    """The names of the ids in a route's path."""
    return set(re.findall(r"<\w+:(\w+)>", route[1]))


def filled(template, ids):
    """The path with an id wherever one stands; KeyError for a name that `ids` does not hold."""
    return re.sub(r"<\w+:(\w+)>", lambda place: str(ids[place[1]]), template)


def made_up(routes):
    """Ids of nothing, for all that stands in the paths of these routes."""
    return {name: uuid4() for route in routes for name in places(route)}


def ask(browser, path, view, body="{}"):
    """The answer to what the route is for."""
    if not hasattr(view, "post"):
        return browser.get(path)
    headers = {"Idempotency-Key": str(uuid4())}
    return browser.post(path, body, content_type="application/json", headers=headers)


def keyed(*held, **whose):
    """What sends every request under an API key with these scopes."""
    key = ApiKey.objects.create(
        id=uuid4(),
        name="all",
        networks=[],
        prefix="abcdefghij",
        scopes=list(held),
        expires_at=seams.now() + timedelta(days=30),
        **whose,
    )
    text = keys.fetch(factories.context(maker=key.person), key.id)
    return Client(headers={"Authorization": f"Bearer {text}"})


class Owner(NamedTuple):
    """The holder of a client, and one object of each kind that is the client's."""

    browser: Client
    ids: dict[str, object]


def owner(client, account, name):
    """Let the holder begin an application, give an authority, complain, and hand in a paper."""
    caller = callers.holder_of(client, name=name)

    def made(path, body):
        answer = caller.post(path, body)
        assert answer.status_code == 201, answer.content
        return answer.json()["data"]["id"]

    given = {"purpose": "lend-securities", "ends": IN_90_DAYS, "revocation_stated": True}
    ids = {
        "client": client,
        "account": account,
        "application": made("applications/start", {"form": "individual", "signatures": 1, "margin": True}),
        "authority": made(f"clients/{client}/give-standing-authority", given),
        "complaint": made("complaints/receive", BODIES["api-complaint-receive"] | {"client": str(client)}),
        "person": caller.user.person,
        "amends": client,
        "documents": newcomers.paper(onboarding.DESK, caller.user.person, DocumentKind.SIGNATURE),
    }
    return Owner(caller.http, ids)


@pytest.fixture
def owners(db):
    """The owner of a margin account in call, and another client's."""
    firm = Firm()
    with seams.using(clock=firm.now):
        firm.furnish()
        account, calm = firm.base_book(), firm.price_set
        firm.wait(hours=3)
        firm.prices(FALLEN)
        firm.assess(account, calm_set=calm)
        revalue(firm.price_set, firm.time)
        others = factories.AccountFactory(client=factories.ClientFactory())
        factories.DepositFactory(account=others)
    common = {"code": "0700", "kind": "custody.deposited", "price_set": firm.price_set}
    one = owner(margin_account(account).client, account, "one")
    one.ids.update(common, call=open_call(account).pk)
    other = owner(custody_account(others).client_id, others, "other")
    other.ids.update(common)
    return one, other


@pytest.fixture(autouse=True)
def unhurried(settings):
    settings.REST_QUOTA_LOGIN = settings.REST_QUOTA_ADDRESS = 10**6


def test_every_route_is_in_the_statement():
    assert {name for name, _, _ in ALL} == set(ROUTES)


def test_every_route_stands_on_the_contract_or_is_the_pages():
    outside = {name for name, _, view in ALL if not issubclass(view, rest.RestView)}
    assert outside == {"api-docs"}


@pytest.fixture
def known(broker):
    """An id for each place in a path, real where it is cheap: whoever is refused is so before it is read."""
    entry = ledger.events(broker.account)[0].entry
    return made_up(ALL) | {"client": broker.client, "account": broker.account, "entry": entry}


def test_a_stranger_gets_nowhere(known):
    opened = {
        name
        for name, template, view in ALL
        if ask(Client(), filled(template, known), view).status_code not in REFUSED
    }
    assert opened == set()


@pytest.mark.parametrize("role", desk.SEES)
def test_a_role_reaches_what_the_statement_says_and_nothing_else(role, known):
    browser = callers.staff(role).http
    opened = {
        name
        for name, template, view in ALL
        if ask(browser, filled(template, known), view).status_code not in REFUSED
    }
    assert opened == {
        name for name, (asked, _) in ROUTES.items() if asked is None or asked in desk.SEES[role]
    }


def test_a_key_of_the_firm_reaches_what_its_scopes_say_and_nothing_else(known):
    """Of a person who may do everything, and with all scopes: it is worth those of the firm's keys."""
    person = desk.member(*desk.SEES, name="everybody").person
    machine = keyed(*Perm, person=person)
    opened = {
        name
        for name, template, view in ALL
        if ask(machine, filled(template, known), view).status_code not in REFUSED
    }
    assert opened == {
        name
        for name, (asked, _) in ROUTES.items()
        if asked is None or f"access.{asked}" in scopes.OF_THE_FIRM
    }


def test_a_key_of_a_client_reaches_the_clients_own_within_its_scopes_and_nothing_else(owners):
    """Whatever scopes it was given: it is worth those of clients' keys."""
    one, other = owners
    machine = keyed(*Perm, client=one.ids["client"], person=one.ids["person"])
    within = {
        name
        for name, (asked, is_theirs) in ROUTES.items()
        if is_theirs and (asked is None or f"access.{asked}" in scopes.OF_CLIENTS)
    }
    mine, theirs = made_up(ALL) | one.ids, made_up(ALL) | other.ids
    for name, template, view in ALL:
        status = ask(machine, filled(template, mine), view).status_code
        assert (status not in (*REFUSED, 404)) is (name in within), (name, status)
        if name in within and "<" in template and name not in COMMON:
            assert ask(machine, filled(template, theirs), view).status_code == 404, name


def test_a_client_reaches_his_own_and_another_does_not(owners):
    one, other = owners
    for name, template, view in OF_CLIENTS:
        path = filled(template, one.ids)
        if "<" in template and name not in COMMON:
            assert ask(other.browser, path, view).status_code == 404, name
        assert ask(one.browser, path, view).status_code not in (*REFUSED, 404), name


def test_a_client_reaches_nothing_else(owners):
    one, _other = owners
    ids = made_up(ALL) | one.ids
    for name, template, view in ALL:
        if not ROUTES[name][1]:
            assert ask(one.browser, filled(template, ids), view).status_code in REFUSED, name


def test_another_clients_id_in_a_body_is_as_one_that_does_not_exist(owners):
    one, other = owners
    for name, template, view in OF_CLIENTS:
        fields = view.inputs().fields if hasattr(view, "post") else {}
        for field, kind in fields.items():
            several = isinstance(getattr(kind, "child", None), rest.Id)
            if not several and not isinstance(kind, rest.Id):
                continue
            theirs, nobodys = (
                ask(
                    other.browser,
                    filled(template, other.ids),
                    view,
                    json.dumps(BODIES[name] | {field: [str(each)] if several else str(each)}),
                )
                for each in (one.ids[field], uuid4())
            )
            assert theirs.status_code in (400, 404, 422), (name, field, theirs.content)
            answers = [(each.status_code, each.json()["code"]) for each in (theirs, nobodys)]
            assert answers[0] == answers[1], (name, field)


def test_another_clients_id_as_a_parameter_finds_nothing(owners):
    """Each parameter of which the OpenAPI document says that it is an id."""
    one, other = owners
    described = json.loads(one.browser.get("/api/v1/openapi.json").content)["paths"]
    tried = set()
    for name, template, _view in OF_CLIENTS:
        operation = described.get(re.sub(r"<\w+:(\w+)>", r"{\1}", template), {}).get("get", {})
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and parameter["schema"].get("format") == "uuid":
                given = {parameter["name"]: one.ids[parameter["name"]]}
                answer = other.browser.get(filled(template, one.ids), given)
                assert json.loads(answer.content)["data"] == [], (name, given)
                tried.add((name, parameter["name"]))
    assert tried >= {("api-events", "account"), ("api-accounts", "client"), ("api-complaints", "client")}
