"""The feed's order over a million events: `make drill` (PRAYA_DRILL_EVENTS=n for another number)."""

import os

import pytest

from tests.ledger.storm import storm

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.drill,
    pytest.mark.skipif("PRAYA_KILLS" not in os.environ, reason="minutes long; `make drill` sets PRAYA_KILLS"),
]


def test_a_reader_of_a_million_events_misses_doubles_and_inverts_none() -> None:
    events = int(os.environ.get("PRAYA_DRILL_EVENTS", "1000000"))
    reading = storm(events=events, writers=4, every=3.0, batch=400, limit=2000, patience=3600)
    overtaken = sum(seq <= reading.naive_cursor for seq in reading.seqs) - reading.naive_seen
    print(f"\n{len(reading.seqs)} events read in order; a reader of seq alone lost {overtaken}")
    assert overtaken > 0
