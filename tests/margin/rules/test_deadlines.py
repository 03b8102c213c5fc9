"""Deadlines: securities by noon of the next business day, virtual assets within twelve hours."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from margin.rules.calls import CallSplit
from margin.rules.deadlines import due, securities_due
from margin.rules.policy import Deadlines

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


def test_a_part_that_asks_for_nothing_has_no_deadline() -> None:
    issued = datetime(2026, 12, 22, 1, 0, tzinfo=UTC)
    assert due(issued, CallSplit(D(2), D(0), D(2)), Deadlines(), CALENDAR).securities_at is None
    assert due(issued, CallSplit(D(2), D(2), D(0)), Deadlines(), CALENDAR).va_at is None
