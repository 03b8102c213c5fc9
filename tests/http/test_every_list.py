"""Every list, walked one row a page: nothing is skipped, doubled or broken, whatever it is ordered by."""

from datetime import timedelta

import pytest

from brokerage.clients.commands.groups import form_group
from brokerage.clients.commands.reviews import change_circumstances
from brokerage.clients.rules.reviews import Circumstance
from brokerage.http import rest
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
from margin.revaluation import revalue
from tests.clients.test_screening import WANTED, holder, listed, person
from tests.factories import ClientFactory, context
from tests.http import callers
from tests.http.test_matrix import ALL, filled
from tests.margin.firm import FALLEN, Firm

pytestmark = pytest.mark.django_db(transaction=True)
LISTS = [route for route in ALL if issubclass(route[2], rest.ListView)]


def called(firm):
    """Two margin accounts, each in call; the price set they were assessed at."""
    firm.furnish()
    accounts, calm = [firm.base_book(), firm.base_book()], firm.price_set
    firm.wait(hours=3)
    firm.prices(FALLEN)
    firm.assess(*accounts, calm_set=calm)
    revalue(firm.price_set, firm.time)
    return firm.price_set


def made(caller, path, body):
    """The object that a command over REST made."""
    answer = caller.post(path, body)
    assert answer.status_code in (200, 201, 202), (path, answer.content)
    return answer.json()["data"]


def watched_over(desk):
    """Two of all that is kept about clients; reviews, authorities and complaints of different days."""
    for number in range(2):
        holder(person())  # of whom the list says something
        client = ClientFactory()
        form_group(context(), reference=f"G-{number}")
        day = seams.now() - timedelta(days=number)
        change_circumstances(context(effective_at=day), client=client, what=Circumstance.CONTROL)
        ends = hong_kong_date(seams.now()) + timedelta(days=80 + number)
        given = {"purpose": "lend-securities", "ends": ends.isoformat(), "revocation_stated": True}
        own = callers.holder_of(client, name=f"holder{number}")
        made(own, f"clients/{client}/give-standing-authority", given)
        made(own, "applications/start", {"form": "individual", "signatures": 1, "margin": True})
        received = {"subject": "service", "channel": "letter", "text": "Slow", "client": str(client)}
        received["received"] = (seams.now() - timedelta(days=number + 1)).date().isoformat()
        made(desk, "complaints/receive", received)
        for text in ("Odd", "Odder"):
            made(desk, f"clients/{client}/raise-alert", {"ground": "staff-concern", "text": text})
    for alert in desk.get("alerts?limit=2").json()["data"]:
        made(desk, f"alerts/{alert['id']}/open-case", {})


@pytest.fixture
def book(settings):
    """Two rows in every list, a reader who sees them all, and the ids that lists stand under."""
    settings.REST_QUOTA_LOGIN = settings.REST_QUOTA_ADDRESS = 10**6
    listed(WANTED)
    firm = Firm()
    with seams.using(clock=firm.now):
        price_set = called(firm)
    desk = callers.staff("operations", "compliance")
    watched_over(desk)
    second, hooks = callers.staff("operations-checker", name="ho"), []
    for number in range(2):
        url = f"https://hooks.example/{number}"
        hooks.append(callers.hooked(desk, second, url, "custody.deposited")["id"])
        made(desk, f"webhooks/{hooks[0]}/test", {})
    return desk, {"price_set": price_set, "webhook": hooks[0]}


def walked(caller, path):
    """Every row, a page of one at a time."""
    rows, cursor = [], ""
    while cursor is not None:
        answer = caller.get(f"{path}?limit=1{cursor and '&cursor=' + cursor}")
        assert answer.status_code == 200, (path, answer.content)
        page = answer.json()
        rows += page["data"]
        cursor = page["next_cursor"]
    return rows


def test_every_list_is_walked_to_its_end(book):
    caller, ids = book
    paths = {name: filled(template, ids).removeprefix("/api/v1/") for name, template, _view in LISTS}
    whole = {name: caller.get(f"{path}?limit=200").json()["data"] for name, path in paths.items()}
    assert [name for name, rows in whole.items() if len(rows) < 2] == []
    for name, path in paths.items():
        assert walked(caller, path) == whole[name], name
