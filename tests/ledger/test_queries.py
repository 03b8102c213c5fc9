"""Reads of many owners and streams at once say what reading them one by one says."""

from datetime import timedelta
from decimal import Decimal

import pytest

from brokerage.ledger import queries

from .book import BANK, NOON, Noted, Paid, cash, context, new, note, pay, pay_in

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def test_balances_of_many_owners_are_theirs_at_that_time() -> None:
    alice, bob, stranger = new(), new(), new()
    pay_in(context(), client=alice, amount=Decimal(5))
    pay(context(at=LATER), payer=alice, payee=bob, amount=Decimal(2))
    for as_of, held in ((NOON, 5), (LATER, 3), (None, 3)):
        found = queries.balances_as_of_many([alice, bob, BANK, stranger], as_of=as_of)
        assert found[alice] == {(cash(alice).role, "HKD"): Decimal(held)}
        assert found[stranger] == {}
        assert {owner: queries.balances_as_of(owner, as_of=as_of) for owner in found} == found


def test_the_latest_event_of_a_kind_is_the_stream_s_newest_that_was_effective() -> None:
    early, late, silent = new(), new(), new()
    note(context(), stream=early, texts=("a", "b"))
    note(context(at=LATER), stream=early, texts=("c",))
    note(context(at=LATER), stream=late)
    pay_in(context(), client=silent, amount=Decimal(1))
    streams = [early, late, silent]
    at_noon = queries.latest_events(Noted, streams, as_of=NOON)
    assert {stream: each.event.text for stream, each in at_noon.items()} == {early: "b"}
    after = queries.latest_events(Noted, streams, as_of=LATER)
    assert {stream: each.event.text for stream, each in after.items()} == {early: "c", late: "seen"}
    assert [*queries.latest_events(Paid, streams, as_of=LATER)] == [silent]
