"""The replay's own time and identifiers: both follow from the seed, so a run can be repeated exactly."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from brokerage.ledger.entry import Context, Source
from brokerage.ledger.hong_kong import HONG_KONG

MORNING = time(8)
"""08:00 in Hong Kong is 00:00 UTC: crypto of the day before has just closed."""


class Timeline:
    """A clock moved by hand, identifiers from the seed, and contexts with keys counted up."""

    def __init__(self, seed: int, start: date) -> None:
        self.random = Random(seed)
        self.now = morning_after(start)
        self._identifiers = Random(f"{seed} identifiers")
        self._keys = 0

    def clock(self) -> datetime:
        """The replay's present."""
        return self.now

    def new_id(self) -> UUID:
        """A UUIDv7 of the replay's present with random bits from the seed."""
        milliseconds = int(self.now.timestamp() * 1000)
        low = (2 << 62) | self._identifiers.getrandbits(62)
        return UUID(int=(milliseconds << 80) | (7 << 76) | (self._identifiers.getrandbits(12) << 64) | low)

    def to_morning_after(self, day: date) -> None:
        """Move to 08:00 Hong Kong time of the day after."""
        self.now = morning_after(day)

    def context(self, actor: str = "job:replay", source: Source = Source.JOB) -> Context:
        """The context of the next command, effective now, under the next key."""
        self._keys += 1
        return Context(actor=actor, source=source, key=f"replay:{self._keys}", effective_at=self.now)

    def by_two(self) -> Context:
        """The same behind which two people stand, for what no job may do alone."""
        return replace(self.context(), maker=UUID(int=1), checker=UUID(int=2))


def morning_after(day: date) -> datetime:
    """08:00 Hong Kong time of the day after `day`."""
    return datetime.combine(day + timedelta(days=1), MORNING, HONG_KONG)
