"""Four Hong Kong calendars and the exchange's sessions.

Statutory, trading, settlement and bank calendars are four, and each deadline names one (RULEBOOK
section 9). Exchange holidays, half-days and past whole-day weather suspensions come from the
`holidays` package; what happens today is declared by staff as closures, given here as data.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, cached_property

import holidays

from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.ledger.refusal import Refused

TRADES_THROUGH_WEATHER_FROM = date(2024, 9, 23)
"""From this day the exchange trades and settles through gales and black rainstorms."""
MORNING = (time(9, 30), time(12, 0))
AFTERNOON = (time(13, 0), time(16, 0))
FIRST_YEAR, LAST_YEAR = 2014, 2100
ONE_DAY = timedelta(days=1)


class Calendar(StrEnum):
    """Which days count: a deadline names exactly one of these."""

    STATUTORY = "statutory"
    TRADING = "trading"
    SETTLEMENT = "settlement"
    BANK = "bank"


class ClosureKind(StrEnum):
    """Why a day, or part of it, is closed."""

    GALE = "gale"
    BLACK_RAINSTORM = "black-rainstorm"
    OTHER = "other"


class Part(StrEnum):
    """How much of the trading day is lost."""

    WHOLE = "whole"
    MORNING = "morning"
    AFTERNOON = "afternoon"


class OutsideCalendar(Refused):
    """A date for which no holidays are known."""

    code = "market.outside-calendar"


class BadClosure(Refused):
    """A closure that names no calendar, or names them where the rule decides."""

    code = "market.bad-closure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A closure as declared: `calendars` only for the kind OTHER, where no rule decides them."""

    day: date
    kind: ClosureKind
    part: Part = Part.WHOLE
    calendars: tuple[Calendar, ...] = ()

    def closes(self, calendar: Calendar) -> bool:
        """Whether the closure touches that calendar (Cap. 571H s8A(4); house rule for the rest).

        Weather always ends a statutory business day. It stops trading, settlement and banks only
        before 23 September 2024. Part of a day ends a statutory business day as well; on the
        trading calendar it removes sessions; settlement and banks stay open that day.
        """
        if self.kind is ClosureKind.OTHER:
            return calendar in self.calendars and self._ends_day(calendar)
        if calendar is Calendar.STATUTORY:
            return True
        return self.day < TRADES_THROUGH_WEATHER_FROM and self._ends_day(calendar)

    def _ends_day(self, calendar: Calendar) -> bool:
        return self.part is Part.WHOLE or calendar in (Calendar.STATUTORY, Calendar.TRADING)


def checked_closure(closure: Closure) -> Closure:
    """The same closure, proved consistent; raises BadClosure or OutsideCalendar otherwise."""
    _known_year(closure.day)
    if (closure.kind is ClosureKind.OTHER) != bool(closure.calendars):
        raise BadClosure(
            "Name the closed calendars for a closure of kind other, and for no other kind.",
            day=closure.day,
            kind=closure.kind,
        )
    return closure


@dataclass(frozen=True)
class HongKongCalendar:
    """The four calendars, given the closures known so far."""

    closures: tuple[Closure, ...] = ()

    def is_open(self, calendar: Calendar, day: date) -> bool:
        """Whether `day` is a business day of that calendar; raises OutsideCalendar."""
        if calendar is Calendar.TRADING:
            return bool(self.sessions(day))
        if not _weekday_without_holiday(day):
            return False
        return not any(closure.closes(calendar) for closure in self._by_day.get(day, ()))

    def sessions(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The continuous trading sessions of `day` as UTC instants; empty when there are none.

        09:30-12:00 and 13:00-16:00 Hong Kong time, the morning only on half-days, less the parts
        that closures took. Raises OutsideCalendar.
        """
        if not _weekday_without_holiday(day):
            return ()
        lost = {c.part for c in self._by_day.get(day, ()) if c.closes(Calendar.TRADING)}
        hours = {Part.MORNING: MORNING}
        if day not in _half_days(day.year):
            hours[Part.AFTERNOON] = AFTERNOON
        return tuple(
            (_instant(day, opening), _instant(day, closing))
            for part, (opening, closing) in hours.items()
            if not lost & {part, Part.WHOLE}
        )

    def close(self, day: date) -> datetime | None:
        """The instant of the official close of `day`, UTC; None on a day without a session."""
        sessions = self.sessions(day)
        return sessions[-1][1] if sessions else None

    def next_business_day(self, calendar: Calendar, day: date) -> date:
        """The first business day after `day`."""
        return self.add_business_days(calendar, day, 1)

    def add_business_days(self, calendar: Calendar, day: date, count: int) -> date:
        """The `count`-th business day after `day`; zero rolls to `day` itself or the next open day.

        Raises ValueError for a negative count and OutsideCalendar past the last known year.
        """
        if count < 0:
            raise ValueError("business days are counted forwards")
        if count == 0:
            day, count = day - ONE_DAY, 1
        while count:
            day += ONE_DAY
            count -= self.is_open(calendar, day)
        return day

    def session_time(self, start: datetime, end: datetime) -> timedelta:
        """How much continuous trading lies between two instants; zero when `end` is not later.

        This is how the age of a security's price is counted: outside sessions it does not grow.
        """
        total = timedelta()
        for day in _days(hong_kong_date(start), hong_kong_date(end)):
            for opening, closing in self.sessions(day):
                total += max(timedelta(), min(closing, end) - max(opening, start))
        return total

    @cached_property
    def _by_day(self) -> dict[date, tuple[Closure, ...]]:
        days: dict[date, tuple[Closure, ...]] = {}
        for closure in self.closures:
            days[closure.day] = (*days.get(closure.day, ()), closure)
        return days


def hong_kong_date(instant: datetime) -> date:
    """The business date an instant falls on: its date in Hong Kong."""
    return instant.astimezone(HONG_KONG).date()


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, HONG_KONG).astimezone(UTC)


def _known_year(day: date) -> int:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise OutsideCalendar(f"Holidays are known from {FIRST_YEAR} to {LAST_YEAR}.", day=day)
    return day.year


def _weekday_without_holiday(day: date) -> bool:
    return day not in _holidays(_known_year(day)) and day.weekday() < 5


@cache
def _holidays(year: int) -> frozenset[date]:
    return _listed(year, ("public",))


@cache
def _half_days(year: int) -> frozenset[date]:
    return _listed(year, ("half_day",))


def _listed(year: int, categories: Sequence[str]) -> frozenset[date]:
    # expand=False: the package adds years lazily, and a cached answer must not depend on who asked.
    listed = holidays.financial_holidays("XHKG", years=year, expand=False, categories=tuple(categories))
    return frozenset(listed)
