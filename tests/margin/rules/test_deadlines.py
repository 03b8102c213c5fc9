"""Deadlines: securities by noon of the next business day, virtual assets within twelve hours."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from margin.rules.calls import CallSplit
from margin.rules.deadlines import due, least_securities_hours, securities_due
from margin.rules.policy import Deadlines
from margin.rules.validation import validate
from tests.margin.books import base_policy

D = Decimal


class WeekdaysButChristmas:
    """A calendar that knows one holiday."""

    def next_business_day(self, day: date) -> date:
        day += timedelta(days=1)
        while day.weekday() > 4 or (day.month, day.day) == (12, 25):
            day += timedelta(days=1)
        return day


CALENDAR = WeekdaysButChristmas()


def test_securities_are_due_at_noon_in_hong_kong_on_the_next_business_day() -> None:
    issued = datetime(2026, 12, 23, 15, 59, tzinfo=UTC)
    assert securities_due(issued, Deadlines(), CALENDAR) == datetime(2026, 12, 24, 4, 0, tzinfo=UTC)


def test_the_day_of_issue_is_the_hong_kong_day_and_holidays_and_weekends_do_not_count() -> None:
    issued = datetime(2026, 12, 23, 16, 0, tzinfo=UTC)
    assert securities_due(issued, Deadlines(), CALENDAR) == datetime(2026, 12, 28, 4, 0, tzinfo=UTC)


def test_a_policy_may_give_more_business_days_and_another_hour() -> None:
    longer = Deadlines(securities_business_days=2, securities_due_hour=17)
    issued = datetime(2026, 12, 22, 1, 0, tzinfo=UTC)
    assert securities_due(issued, longer, CALENDAR) == datetime(2026, 12, 24, 9, 0, tzinfo=UTC)


def test_virtual_assets_are_due_by_the_hour_on_any_day() -> None:
    issued = datetime(2026, 12, 25, 20, 0, tzinfo=UTC)
    both = due(issued, CallSplit(D(3), D(1), D(2)), Deadlines(), CALENDAR)
    assert both.va_at == datetime(2026, 12, 26, 8, 0, tzinfo=UTC)
    assert both.securities_at == datetime(2026, 12, 28, 4, 0, tzinfo=UTC)


def test_virtual_assets_are_never_due_after_securities_under_a_policy_that_may_stand() -> None:
    random, closest = Random(20261122), timedelta.max
    for _ in range(2_000):
        times = Deadlines(
            securities_business_days=random.randint(1, 4), securities_due_hour=random.randint(0, 23)
        )
        most = least_securities_hours(times)
        if not most:
            continue
        times = replace(times, va_hours=random.randint(max(1, most - 1), most))
        validate(replace(base_policy(), deadlines=times))
        issued = datetime(2026, 12, 20, tzinfo=UTC) + timedelta(
            days=random.randint(0, 9), hours=16, microseconds=-random.randint(1, 10)
        )
        both = due(issued, CallSplit(D(3), D(1), D(2)), times, CALENDAR)
        assert both.va_at is not None
        assert both.securities_at is not None
        assert both.va_at < both.securities_at
        closest = min(closest, both.securities_at - both.va_at)
    assert closest < timedelta(seconds=1)


def test_a_part_that_asks_for_nothing_has_no_deadline() -> None:
    issued = datetime(2026, 12, 22, 1, 0, tzinfo=UTC)
    assert due(issued, CallSplit(D(2), D(0), D(2)), Deadlines(), CALENDAR).securities_at is None
    assert due(issued, CallSplit(D(2), D(2), D(0)), Deadlines(), CALENDAR).va_at is None
