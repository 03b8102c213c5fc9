"""When a call is due: securities by business days, virtual assets by the hour (FORMULAS, Deadline)."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple, Protocol

from brokerage.ledger.amounts import ZERO
from brokerage.ledger.hong_kong import HONG_KONG

from .calls import CallSplit
from .policy import Deadlines


class BusinessCalendar(Protocol):
    """The named calendar a deadline runs in."""

    def next_business_day(self, day: date) -> date:
        """The first business day after `day`."""
        ...


class Due(NamedTuple):
    """When each part of a call is due; None where the part asks for nothing."""

    securities_at: datetime | None
    va_at: datetime | None


def securities_due(issued_at: datetime, deadlines: Deadlines, calendar: BusinessCalendar) -> datetime:
    """The policy's Hong Kong hour on its n-th business day after the Hong Kong date of issue, aware."""
    day = issued_at.astimezone(HONG_KONG).date()
    for _ in range(deadlines.securities_business_days):
        day = calendar.next_business_day(day)
    return datetime.combine(day, time(deadlines.securities_due_hour), HONG_KONG)


def least_securities_hours(deadlines: Deadlines) -> int:
    """The fewest hours that securities ever have: those of a call made as a day ends before working days."""
    return 24 * (deadlines.securities_business_days - 1) + deadlines.securities_due_hour


def va_due(issued_at: datetime, deadlines: Deadlines) -> datetime:
    """The policy's number of hours after issue, on any day of the week."""
    return issued_at + timedelta(hours=deadlines.va_hours)


def due(issued_at: datetime, split: CallSplit, deadlines: Deadlines, calendar: BusinessCalendar) -> Due:
    """The deadlines of a call's two parts."""
    return Due(
        securities_due(issued_at, deadlines, calendar) if split.securities > ZERO else None,
        va_due(issued_at, deadlines) if split.va > ZERO else None,
    )
