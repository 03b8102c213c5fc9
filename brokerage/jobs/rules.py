"""Pure arithmetic of slots and retries: which instants a job is due at, and which of the missed ones count.

A slot is an aware instant in UTC. `Slots` names those of one job: slots(after, until) yields the slots
in (after, until], in order, each once. Nothing here reads a clock.
"""

from calendar import monthrange
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from zlib import crc32

Slots = Callable[[datetime, datetime], Iterator[datetime]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)
MAX_ATTEMPTS = 5
FIRST_DELAY = timedelta(minutes=1)
LAST_DAY = 31


class Policy(Enum):
    """What becomes of slots that were missed: all of them run, or the newest alone."""

    ALL_IN_ORDER = "all in order"
    LATEST_ONLY = "latest only"


ALL_IN_ORDER, LATEST_ONLY = Policy


def every(interval: timedelta) -> Slots:
    """A slot at each whole multiple of `interval` since 1970-01-01 UTC. Raises ValueError if not positive."""
    if interval <= timedelta(0):
        raise ValueError("an interval is longer than zero")

    def slots(after: datetime, until: datetime) -> Iterator[datetime]:
        slot = EPOCH + ((after - EPOCH) // interval + 1) * interval
        while slot <= until:
            yield slot
            slot += interval

    return slots


def daily(at: time, zone: tzinfo, on: Callable[[date], bool] = lambda day: True) -> Slots:
    """A slot at the local time `at` in `zone` on each local date that `on` accepts."""

    def slots(after: datetime, until: datetime) -> Iterator[datetime]:
        day, last = after.astimezone(zone).date(), until.astimezone(zone).date()
        while day <= last:
            slot = datetime.combine(day, at, zone).astimezone(UTC)
            if after < slot <= until and on(day):
                yield slot
            day += ONE_DAY

    return slots


def monthly(day: int, at: time, zone: tzinfo) -> Slots:
    """A slot at the local time `at` on the `day`-th of each month, or on its last day if it is shorter.

    So LAST_DAY (31) is each month's end. Raises ValueError for a day outside 1 to 31.
    """
    if not 1 <= day <= LAST_DAY:
        raise ValueError("a day of the month lies between 1 and 31")
    return daily(at, zone, on=lambda local: local.day == min(day, monthrange(local.year, local.month)[1]))


def missed(slots: Slots, policy: Policy, *, last: datetime, now: datetime) -> list[datetime]:
    """The slots in (last, now] that must still run, oldest first."""
    return list(deque(slots(last, now), maxlen=1 if policy is LATEST_ONLY else None))


def newest(slots: Slots, *, now: datetime) -> datetime | None:
    """The newest slot not after `now`, where a job without history begins; None in a year without one."""
    for reach in (timedelta(hours=1), ONE_DAY, 7 * ONE_DAY, 40 * ONE_DAY, 366 * ONE_DAY):
        if found := deque(slots(now - reach, now), maxlen=1):
            return found[0]
    return None


def delay(attempts: int, key: str) -> timedelta:
    """How long the work `key` rests after its n-th failure: 1, 2, 4, 8, 16 minutes, up to a tenth more.

    The extra comes from the key, so that what failed together does not come back together, and a
    repeated simulation sees the same times.
    """
    doublings: int = 2 ** (attempts - 1)
    return FIRST_DELAY * doublings * (1 + crc32(key.encode()) / 2**32 / 10)
