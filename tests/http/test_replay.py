"""The same key twice gets the same answer on every kind of command route, though the state has moved on."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from brokerage.clients.commands.screening import screen
from brokerage.clients.commands.standing_authorities import announce_renewal, give_standing_authority
from brokerage.clients.queries import client as client_of
from brokerage.clients.rules.cases import AlertGround
from brokerage.clients.rules.standing_authorities import Purpose
from brokerage.ledger import seams
from brokerage.ledger.entry import Source
from brokerage.market.rules.calendars import hong_kong_date
from tests.clients.test_screening import WANTED, holder, listed, person
from tests.factories import context
from tests.http import callers
from tests.http.callers import Broker, Caller
from tests.onboarding import matched

pytestmark = pytest.mark.django_db(transaction=True)


class Asked(NamedTuple):
    """A command that succeeds once: who asks, where, and with which body."""

    caller: Caller
    path: str
    body: dict[str, Any]


def twice(asked: Asked) -> Any:
    """Ask with one key two times; the first answer, once the second was seen to be the same.

    Before that nobody passes who has seen another version: If-Match is checked, or it is not taken.
    """
    caller, path, body = asked
    stale = caller.post(path, body, **{"If-Match": '"99999"'})
    assert stale.json()["code"] in ("ledger.outdated", "invalid"), (path, stale.content)
    key = str(uuid4())
    first, again = (caller.post(path, body, key=key) for _ in range(2))
    assert first.status_code < 300, (path, first.content)
    assert (again.status_code, again.json()) == (first.status_code, first.json()), path
    assert (first.get("Idempotency-Replayed"), again.get("Idempotency-Replayed")) == (None, "true"), path
    return first.json()["data"]


def given(broker: Broker, by: Caller, purpose: Purpose, days: int) -> UUID:
    """A standing authority that the first client's holder gave."""
    ends = hong_kong_date(seams.now()) + timedelta(days=days)
    asked = {"client": broker.client, "purpose": purpose, "ends": ends, "revocation_stated": True}
    return give_standing_authority(context(source=Source.PORTAL, maker=by.user.person), **asked).value


def test_of_accounts_and_of_webhooks(broker: Broker, operations: Caller) -> None:
    money = {"asset": "HKD", "amount": "7"}
    for act in ("deposit", "withdraw"):
        twice(Asked(operations, f"accounts/{broker.account}/{act}", money))
    added = {"url": "https://hooks.example/in", "kinds": ["custody.deposited"]}
    proposal = twice(Asked(operations, "webhooks/add", added))
    second = callers.staff("operations-checker", name="ho")
    twice(Asked(second, f"approvals/{proposal['id']}/approve", {"digest": proposal["digest"]}))
    (hook,) = (each["id"] for each in operations.get("webhooks").json()["data"])
    acts = {"test": {}, "replay": {"after": 0}, "switch": {"on": False}, "remove": {}}
    for act, body in acts.items():
        twice(Asked(operations, f"webhooks/{hook}/{act}", body))


def test_of_applications(operations: Caller, holder: Caller) -> None:
    twice(Asked(holder, "applications/start", {"form": "individual", "signatures": 1, "margin": False}))


def test_of_watching_over_a_client(broker: Broker, operations: Caller) -> None:
    path = f"clients/{broker.client}"
    twice(Asked(operations, f"{path}/change-circumstances", {"what": "control"}))
    twice(Asked(operations, f"{path}/do-review", {"kind": "circumstances", "outcome": "satisfied"}))
    twice(Asked(operations, f"{path}/place-hold", {"ground": "court", "reference": "HCMP-1"}))
    (hold,) = client_of(broker.client).holds
    twice(Asked(operations, f"{path}/lift-hold", {"hold": hold, "reason": "order-discharged"}))


def test_of_an_authority_that_has_ended(broker: Broker, holder: Caller) -> None:
    revoked, ending = (
        given(broker, holder, Purpose.LEND_SECURITIES, 90),
        given(broker, holder, Purpose.REPLEDGE_SECURITIES, 20),
    )
    twice(Asked(holder, f"standing-authorities/{revoked}/revoke", {}))
    assert holder.post(f"standing-authorities/{revoked}/revoke", {}).status_code == 422
    announce_renewal(context(), authority=ending)
    twice(Asked(holder, f"standing-authorities/{ending}/object", {}))


def test_of_an_alert_that_no_longer_waits(broker: Broker) -> None:
    told = {"ground": AlertGround.STAFF, "text": "Odd"}
    twice(Asked(callers.staff("credit", name="yu"), f"clients/{broker.client}/raise-alert", told))
    desk = callers.staff("compliance", name="wai")
    (alert,) = desk.get("alerts").json()["data"]
    twice(Asked(desk, f"alerts/{alert['id']}/open-case", {}))


def judged(somebody: UUID) -> dict[str, Any]:
    return {"matches": [str(each) for each in matched(somebody)["matches"]], "reason": "common-name"}


def test_of_a_hit_that_was_cleared_and_of_approvals(operations: Caller) -> None:
    somebody = person()
    holder(somebody)
    listed(WANTED)
    screen(context(), person=somebody)
    looked_at = judged(somebody)
    clear = Asked(operations, f"screening-hits/{somebody}/clear", looked_at)
    second = callers.staff("compliance", name="wai")
    for act in ("withdraw", "reject", "approve"):
        proposal = twice(clear)
        body = {"reject": {"reason": "why"}, "approve": {"digest": proposal["digest"]}}.get(act, {})
        asker = operations if act == "withdraw" else second
        twice(Asked(asker, f"approvals/{proposal['id']}/{act}", body))
    key = str(uuid4())
    other = person(given="Ann")
    assert operations.post(f"screening-hits/{other}/clear", looked_at, key=key).status_code == 404


def test_of_a_proposal_whose_hit_was_cleared_meanwhile(operations: Caller) -> None:
    somebody = person()
    holder(somebody)
    listed(WANTED)
    screen(context(), person=somebody)
    path, body, key = f"screening-hits/{somebody}/clear", judged(somebody), str(uuid4())
    first = operations.post(path, body, key=key)
    proposal = first.json()["data"]
    second = callers.staff("compliance", name="wai")
    done = second.post(f"approvals/{proposal['id']}/approve", {"digest": proposal["digest"]})
    assert done.status_code == 200
    again = operations.post(path, body, key=key)
    assert (again.status_code, again.json()["data"]["id"]) == (202, proposal["id"])
    assert again["Idempotency-Replayed"] == "true"
