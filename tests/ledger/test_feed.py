"""The feed: every event once, in one order, however it is paged."""

from decimal import Decimal

import pytest

from brokerage.ledger import blocks, feed, seals

from .book import context, new, note, pay_in
from .storm import storm

pytestmark = pytest.mark.django_db(transaction=True)


def sealed_notes(*counts: int) -> None:
    for count in counts:
        note(context(), stream=new(), texts=tuple(str(n) for n in range(count)))
        seals.seal()


def paged(limit: int, after: int = 0) -> list[int]:
    found: list[int] = []
    while page := feed.read(found[-1] if found else after, limit):
        found += [item.position or 0 for item in page]
    return found


def test_what_is_not_sealed_is_not_read() -> None:
    note(context(), stream=new())
    assert feed.read(0) == []
    assert feed.head() == 0


@pytest.mark.parametrize("limit", [1, 3, 7, 500])
def test_pages_of_any_size_meet_without_gap_or_overlap(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 4)
    sealed_notes(1, 9, 1, 1, 13, 2)
    assert paged(limit) == list(range(1, 28))
    assert paged(limit, after=11) == list(range(12, 28))


def test_events_come_with_their_data_and_postings() -> None:
    client = new()
    pay_in(context(), client=client, amount=Decimal("7.5"))
    seals.seal()
    *opened, paid = feed.read(0)
    assert [item.kind for item in opened] == ["ledger.account-opened"] * 2
    assert paid.event.amount == Decimal("7.5")
    assert sorted(posting.amount for posting in paid.postings) == [Decimal("-7.5"), Decimal("7.5")]


def test_a_narrow_read_finds_what_it_asks_for_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 4)
    monkeypatch.setattr(feed, "_SPAN", 5)
    client = new()
    sealed_notes(9, 3)
    pay_in(context(), client=client, amount=Decimal(1))
    sealed_notes(6)
    assert [item.position for item in feed.read(0, kinds=["test.paid"])] == [15]
    assert [item.position for item in feed.read(0, owner=client)] == [14, 15]
    assert feed.read(15, kinds=["test.paid"]) == []


def test_a_reader_among_writers_long_transactions_and_kills_misses_doubles_and_inverts_nothing() -> None:
    reading = storm(events=20_000, writers=4, every=2.0, batch=300, limit=500, patience=120)
    assert len(reading.seqs) >= 20_000
