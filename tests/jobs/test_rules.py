"""Slots against a calendar oracle that walks every minute, and what policies keep of missed ones."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerage.jobs.rules import (
    ALL_IN_ORDER,
    LAST_DAY,
    LATEST_ONLY,
    Slots,
    daily,
    delay,
    every,
    missed,
    monthly,
    newest,
)

HKT = timezone(timedelta(hours=8), "HKT")
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def oracle(after: datetime, until: datetime, due: Callable[[datetime], bool]) -> list[datetime]:
    """Every minute in (after, until] that `due` accepts, found by looking at each of them."""
    minute = after.astimezone(UTC).replace(second=0, microsecond=0)
    found = []
    while (minute := minute + MINUTE) <= until:
        if due(minute):
            found.append(minute)
    return found


def last_of_month(instant: datetime) -> bool:
    local = instant.astimezone(HKT)
    return (local.day, local.hour, local.minute) == (monthrange(local.year, local.month)[1], 0, 0)


CASES: list[tuple[str, Slots, Callable[[datetime], bool]]] = [
    ("five minutes", every(5 * MINUTE), lambda t: t.minute % 5 == 0),
    ("08:00 HKT", daily(time(8), HKT), lambda t: (t.hour, t.minute) == (0, 0)),
    ("midnight HKT", daily(time(0), HKT), lambda t: (t.hour, t.minute) == (16, 0)),
    ("midnight UTC", daily(time(0), UTC), lambda t: (t.hour, t.minute) == (0, 0)),
    ("month end, HKT", monthly(LAST_DAY, time(0), HKT), last_of_month),
    (
        "16:10 HKT on weekdays",
        daily(time(16, 10), HKT, on=lambda day: day.weekday() < 5),
        lambda t: (t.hour, t.minute) == (8, 10) and t.astimezone(HKT).weekday() < 5,
    ),
]
STRETCHES = [
    ("an ordinary week", "2026-03-02T01:00:30+00:00", "2026-03-09T01:00:30+00:00"),
    ("29 February", "2024-02-27T15:59:00+00:00", "2024-03-02T16:01:00+00:00"),
    ("no 29 February", "2025-02-27T15:59:00+00:00", "2025-03-02T16:01:00+00:00"),
    ("the turn of the year", "2025-12-30T15:59:59+00:00", "2026-01-01T16:00:00+00:00"),
    ("edges that are slots", "2026-01-31T00:00:00+00:00", "2026-02-28T16:00:00+00:00"),
]


@pytest.mark.parametrize(("start", "end"), [s[1:] for s in STRETCHES], ids=[s[0] for s in STRETCHES])
@pytest.mark.parametrize(("slots", "due"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_slots_equal_the_calendar(
    slots: Slots, due: Callable[[datetime], bool], start: str, end: str
) -> None:
    assert list(slots(at(start), at(end))) == oracle(at(start), at(end), due)


@given(cuts=st.lists(st.integers(0, 60 * 24 * 3600), min_size=1, max_size=8))
def test_however_often_one_asks_no_slot_is_skipped_or_doubled(cuts: list[int]) -> None:
    start = at("2024-01-30T00:00:00+00:00")
    for slots in (every(7 * MINUTE * 60), daily(time(0), HKT), monthly(LAST_DAY, time(23, 59), HKT)):
        instants = [start, *sorted(start + timedelta(seconds=cut) for cut in cuts)]
        pieces = [slot for a, b in pairwise(instants) for slot in slots(a, b)]
        assert pieces == list(slots(start, instants[-1]))


def test_a_month_without_that_day_uses_its_last_one() -> None:
    days = [slot.day for slot in monthly(30, time(12), UTC)(at("2024-01-31T00:00Z"), at("2024-04-01T00:00Z"))]
    assert days == [29, 30]


def test_policies_keep_all_or_the_newest() -> None:
    span = {"last": at("2026-03-02T00:00Z"), "now": at("2026-03-05T00:00Z")}
    hourly = every(60 * MINUTE)
    assert len(missed(hourly, ALL_IN_ORDER, **span)) == 72
    assert missed(hourly, LATEST_ONLY, **span) == [span["now"]]
    assert missed(hourly, ALL_IN_ORDER, last=span["now"], now=span["last"]) == []


def test_a_job_without_history_begins_at_its_newest_slot() -> None:
    now = at("2026-03-02T01:00:30Z")
    assert newest(every(MINUTE), now=now) == at("2026-03-02T01:00Z")
    assert newest(monthly(LAST_DAY, time(0), HKT), now=now) == at("2026-02-27T16:00Z")
    assert newest(lambda after, until: iter(()), now=now) is None


def test_delays_double_and_differ_by_key() -> None:
    assert all(2**n * MINUTE <= delay(n + 1, key) < 2**n * MINUTE * 1.1 for n in range(5) for key in "abc")
    assert delay(1, "a") != delay(1, "b")
    assert delay(1, "a") == delay(1, "a")


@pytest.mark.parametrize("make", [lambda: every(timedelta(0)), lambda: monthly(32, time(0), UTC)])
def test_a_schedule_that_means_nothing_is_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()
