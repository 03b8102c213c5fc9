"""CLI-12 from outside: every address, every role but compliance, before and after a case is opened."""

import io
import re
from contextlib import redirect_stdout
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser

from brokerage.clients.commands import cases, change_status, hold_person
from brokerage.clients.events import PersonHeld
from brokerage.clients.queries import cases as cased
from brokerage.clients.rules.cases import AlertGround, Closing
from brokerage.clients.rules.status import ClientStatus
from brokerage.ledger import browse, known, numbering, registry, seals, seams, store
from brokerage.ledger.registry import Audience, kinds
from brokerage.market.rules.calendars import hong_kong_date
from tests import desk
from tests.factories import (
    CHECKER,
    MAKER,
    AccountFactory,
    BankFactory,
    ClientFactory,
    DepositFactory,
    by_two,
    context,
)
from tests.http.test_gate import addresses
from tests.onboarding import entitled

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "Cash in bags, three times a week"
KINDS = r"clients\.(alert|case|closure)-|clients\.(raise-alert|open-case|note-case|close-case)"
OUTSIDERS = ["operations", "operations-checker", "credit", "auditor", "client", "machine"]
EXAMPLE = "0192f3a0-0000-7000-8000-000000000000"


class World:
    """A client with an account, a case about it, and every id that belongs to the case."""

    def __init__(self) -> None:
        BankFactory()
        self.client = ClientFactory()
        self.account = AccountFactory(client=self.client)
        DepositFactory(account=self.account)
        seals.seal()
        self.ids: list[UUID] = []

    def look_into(self) -> None:
        cases.raise_alert(context(), client=self.client, ground=AlertGround.STAFF, text=SECRET)
        alert = cased.open_alerts().get()
        case = cases.open_case(context(), alert=alert.id).value
        note = cases.note_case(context(), case=case, text=SECRET).value
        cases.propose_closure(context(maker=MAKER), case=case, reason=Closing.EXPLAINED)
        cases.close_case(context(maker=CHECKER), case=case)
        self.ids = [alert.id, case, note]
        seals.seal()


def browser_of(role: str, world: World) -> Browser:
    browser = Browser(raise_request_exception=False)
    staff = role not in ("client", "machine")
    user = desk.member(role, name=f"a-{role}", staff=staff)
    if role == "client":
        entitled(world.client, user.person)
    desk.proved(Browser.force_login)(browser, user)
    return browser


def paths(world: World) -> list[str]:
    """Every address, with the client, the account and everything of the case in each place of an id."""
    found = {each.path for each in addresses()}
    for path in list(found):
        if EXAMPLE in path:
            wanted = [world.client, *world.ids]
            found |= {path.replace(EXAMPLE, str(each)) for each in wanted}
    asked = [f"/staff/ledger/?stream={each}" for each in world.ids]
    asked += [f"/staff/ledger/?kind={kind}" for kind in ("clients.case-opened", "clients.alert-raised")]
    asked += [f"/staff/ledger/events/{each}@1/" for each in world.ids]
    return sorted(found) + asked


def answer(browser: Browser, path: str) -> tuple[int, str]:
    given = browser.get(path)
    content = b"".join(given.streaming_content) if given.streaming else given.content
    return given.status_code, content.decode(errors="replace")


@pytest.mark.rule("CLI-12")
@pytest.mark.parametrize("role", OUTSIDERS)
def test_no_address_tells_a_role_of_a_case(role):
    world = World()
    browser = browser_of(role, world)
    world.look_into()
    traces = [SECRET, *(str(each) for each in world.ids), *(each.hex[-8:] for each in world.ids)]
    for path in paths(world):
        if "/events/stream" in path:
            continue  # a stream does not end; its rows are the feed's
        status, text = answer(browser, path)
        named = [each for each in traces if each in text.replace(path, "")]
        echoed = path.startswith("/staff/ledger/?")
        assert not [each for each in named if not (echoed and each in path)], (path, named)
        assert echoed or not re.search(KINDS, text), path
        if re.search("|".join(str(each) for each in world.ids), path) and "?" not in path:
            assert status in (302, 403, 404, 405), (path, status)


@pytest.mark.rule("CLI-12")
@pytest.mark.parametrize("role", ["operations", "auditor"])
def test_no_list_or_count_of_a_role_changes_with_a_case(role):
    world = World()
    browser = browser_of(role, world)
    seals.seal()

    def seen() -> dict[str, list[str]]:
        pages = ("/staff/", "/staff/ledger/", f"/staff/clients/{world.client}/", "/staff/approvals/")
        pages += (f"/staff/ledger/?stream={world.client}", "/staff/clients/", "/staff/hits/")
        return {
            page: re.findall(r"<t[rdh][^>]*>|<li>|class=\"value\">\d+", answer(browser, page)[1])
            for page in pages
        }

    before = seen()
    world.look_into()
    assert seen() == before


def explored(browser: Browser, query: str = "") -> tuple[list[int], str]:
    """The positions of the explorer's page, newest first, and its figures and links as text."""
    page = browser.get(f"/staff/ledger/{query}", headers={"HX-Request": "true"}).content.decode()
    page = re.sub(r"<time.*?</time>", "", page)  # the page's own hour
    return [int(each) for each in re.findall(r"Position\">(\d+)<", page)], page


@pytest.mark.rule("CLI-12")
@pytest.mark.parametrize("role", ["operations", "auditor"])
def test_positions_have_no_gap_where_a_case_stands(role):
    world = World()
    browser = browser_of(role, world)
    seals.seal()
    before = explored(browser)
    world.look_into()
    assert explored(browser) == before
    DepositFactory(account=world.account)
    seals.seal()
    positions, page = explored(browser)
    assert positions == list(range(positions[0], 0, -1))
    assert positions[0] > before[0][0]
    for entry in set(re.findall(r"/staff/ledger/entries/[0-9a-f-]+/", page)):
        for count, first in re.findall(r"(\d+) events? from position (\d+)", answer(browser, entry)[1]):
            assert {int(first), int(first) + int(count) - 1} <= set(positions), entry
    whole = explored(browser_of("compliance", world))[0]
    assert whole[0] > positions[0]


@pytest.mark.rule("CLI-12")
def test_the_explorers_next_page_is_found_without_a_number(monkeypatch):
    world = World()
    browser = browser_of("operations", world)
    world.look_into()
    DepositFactory(account=world.account)
    seals.seal()
    monkeypatch.setattr(browse, "SPAN", 3)
    seen, query = [], ""
    while True:
        positions, page = explored(browser, query)
        seen += positions
        following = re.search(r"before=([^&\"]+)", page)
        if following is None:
            break
        assert re.fullmatch(r"[0-9a-f-]{36}(@|%40)\d+", following[1])
        query = f"?before={following[1]}"
    assert seen == list(range(seen[0], 0, -1))
    (hidden,) = {each.id for each in cased.cases()}
    assert answer(browser, f"/staff/ledger/events/{hidden}@1/")[0] == 404
    assert explored(browser, f"?before={hidden}@1")[0] == []


@pytest.mark.rule("CLI-12")
@pytest.mark.parametrize("way", ["portal", "rest"])
def test_what_a_frozen_client_asks_for_is_refused_in_the_words_of_any_other_stop(way):
    ends = hong_kong_date(seams.now()) + timedelta(days=30)
    form = {"purpose": "client-money", "ends": str(ends), "revocation_stated": True}
    told = []
    for name, stop in ("ada", ClientStatus.FROZEN), ("ben", ClientStatus.SUSPENDED):
        client, browser = ClientFactory(), Browser()
        user = desk.member(name=name, staff=False)
        entitled(client, user.person)
        desk.proved(Browser.force_login)(browser, user)
        change_status(by_two(), client=client, status=stop, reason="CASE-1")
        if way == "rest":
            path, kind = f"/api/v1/clients/{client}/give-standing-authority", "application/json"
            given = browser.post(path, form, content_type=kind, headers={"Idempotency-Key": f"give-{name}"})
        else:
            path = "/portal/authorities/give/"
            given = browser.post(path, {**form, "client": str(client)}, follow=True)
        text = given.content.decode()
        assert not re.search(f"frozen|suspended|{ClientStatus.ACTIVE} client", text)
        told.append((given.status_code, re.findall("This cannot be done for the client now.", text)))
    assert told[0] == told[1]
    assert len(told[0][1]) == 1


@pytest.mark.rule("CLI-12")
def test_compliance_sees_the_case_and_its_events():
    world = World()
    browser = browser_of("compliance", world)
    world.look_into()
    assert str(world.ids[1])[-8:] in answer(browser, "/staff/cases/?closed=1")[1]
    assert "clients.case-opened" in answer(browser, "/staff/ledger/")[1]


@pytest.mark.rule("CLI-12")
def test_an_export_withholds_the_case(tmp_path: Path):
    world = World()
    world.look_into()
    file = tmp_path / "book.jsonl"
    with redirect_stdout(io.StringIO()):
        call_command("ledger", "export", str(file))
    text = file.read_text()
    assert "custody.deposited" in text
    assert not re.search(KINDS, text)
    assert str(world.ids[0]) not in text


@pytest.mark.rule("CLI-12")
def test_no_stream_mixes_restricted_events_with_others():
    """A gap in the versions of a stream that others read would tell of them."""
    world = World()
    hold_person(context(), person=entitled(world.client), reason="HCMP-1")
    world.look_into()
    restricted = [name for name, kind in kinds().items() if kind.audience is Audience.RESTRICTED]
    found = store.cursor().execute(
        "SELECT stream FROM ledger_event GROUP BY stream"
        " HAVING bool_or(kind = ANY(%(hidden)s)) AND NOT bool_and(kind = ANY(%(hidden)s))",
        {"hidden": restricted},
    )
    assert found.fetchall() == []


@pytest.mark.rule("CLI-9")
def test_a_legal_hold_is_shown_to_the_desk_and_to_no_client():
    world = World()
    person = entitled(world.client)
    hold_person(context(), person=person, reason="HCMP-1")
    seals.seal()
    asked = f"/staff/ledger/?stream={person}"
    assert "clients.person-held" in answer(browser_of("operations", world), asked)[1]
    assert registry.kind_of(PersonHeld).audience is Audience.STAFF


def test_legal_holds_from_when_they_were_restricted_are_counted_again():
    world = World()
    hold_person(context(), person=entitled(world.client), reason="HCMP-1")
    seals.seal()
    last = known.last_position()
    numbering.withhold(last, ["clients.case-noted"])
    assert numbering.number(last) == last - 1
    migration = import_module("brokerage.clients.migrations.0015_legal_holds_are_told")
    migration.count_again(None, SimpleNamespace(connection=connection))
    assert numbering.number(last) == last
