"""Balances now, as of a time and as known at a position, with and without daily snapshots."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import pytest

from brokerage.ledger import known, queries, rebuild, seals, snapshots, store
from brokerage.ledger.chart import FIRM, Account, Posting, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Context, Entry, Source
from brokerage.ledger.events import Reversed

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2026, 3, 1, tzinfo=UTC)
CLIENT = UUID(int=77)
CASH = Account(CLIENT, Role.CASH, "HKD")
EQUITY = Account(FIRM, Role.EQUITY, "HKD")


@command("tests.move")
def move(entry: Entry, *, amount: Decimal) -> None:
    """Move value between the firm and a client; any event class serves."""
    entry.lock(CLIENT, FIRM)
    entry.open(CASH, EQUITY)
    entry.record(
        CLIENT,
        Reversed(stream=CLIENT, version=1, reason="test"),
        owner=CLIENT,
        postings=[Posting(CASH, amount), Posting(EQUITY, -amount)],
    )


class Fact(NamedTuple):
    """What the model remembers of a move."""

    amount: Decimal
    effective_at: datetime
    position: int


def moved(amount: str, at: datetime) -> None:
    move(
        Context(actor="job:test", source=Source.JOB, key=f"{random.random()}", effective_at=at),
        amount=Decimal(amount),
    )


def sealed_move(amount: str, at: datetime) -> Fact:
    moved(amount, at)
    seals.seal()
    return Fact(Decimal(amount), at, known.last_position())


def expected(facts: list[Fact], as_of: datetime | None, position: int | None) -> Decimal:
    effective = [fact for fact in facts if as_of is None or fact.effective_at <= as_of]
    return sum(
        (fact.amount for fact in effective if position is None or fact.position <= position), Decimal(0)
    )


def test_a_firm_balance_is_the_newest_snapshot_and_what_came_after() -> None:
    sealed_move("100", START)
    assert snapshots.take() == 1
    sealed_move("20.5", START + timedelta(days=1))
    assert queries.balance(EQUITY) == Decimal("-120.5")
    assert queries.balance(CASH) == Decimal("120.5")


def test_a_second_snapshot_of_the_same_events_is_not_taken() -> None:
    sealed_move("1", START)
    assert snapshots.take() == 1
    assert snapshots.take() is None


def test_a_backdated_event_changes_the_past_as_now_known_but_not_as_known_then() -> None:
    first = sealed_move("100", START)
    snapshots.take()
    sealed_move("1", START + timedelta(days=2))
    snapshots.take()
    sealed_move("7", START + timedelta(hours=1))
    yesterday = START + timedelta(days=1)
    assert queries.balance(CASH, as_of=yesterday) == Decimal("107")
    assert queries.balance(CASH, as_of=yesterday, known_at=first.position) == Decimal("100")


def test_reads_by_both_times_agree_with_a_model_over_random_histories() -> None:
    draw = random.Random(20260211)
    facts: list[Fact] = []
    for day in range(25):
        for _ in range(draw.randrange(4)):
            lag = timedelta(days=draw.choice([0, 0, 0, 0, 1, 9]), seconds=draw.randrange(1000))
            facts.append(
                sealed_move(
                    f"{draw.randrange(1, 900)}.{draw.randrange(100):02}", START + timedelta(days=day) - lag
                )
            )
        if draw.random() < 0.6:
            snapshots.take()
    for _ in range(150):
        as_of = draw.choice([None, START + timedelta(days=draw.randrange(-10, 26))])
        position = draw.choice([None, draw.choice(facts).position])
        for account, sign in ((CASH, 1), (EQUITY, -1)):
            assert queries.balance(account, as_of=as_of, known_at=position) == sign * expected(
                facts, as_of, position
            )


def test_a_flipped_snapshot_is_found_and_a_rebuild_discards_it_with_those_after_it() -> None:
    for day in range(3):
        sealed_move("100", START + timedelta(days=day))
        snapshots.take()
    store.cursor().execute("UPDATE ledger_snapshot SET amount = amount + 1 WHERE run = 2")
    assert {found.run for found in snapshots.wrong()} == {2}
    assert rebuild.rebuild(check=True).differences == {"ledger_snapshot": 2}
    rebuild.rebuild(check=False)
    assert snapshots.wrong() == []
    assert queries.balance(EQUITY) == Decimal("-300")
    assert snapshots.take() == 2


@pytest.mark.parametrize("position", [-1, 10_000])
def test_an_unsealed_position_is_refused(position: int) -> None:
    sealed_move("100", START)
    with pytest.raises(known.UnknownPosition):
        queries.balance(CASH, known_at=position)
