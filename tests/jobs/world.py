"""A clock to set, a crash that nothing catches, and the cycle in one call."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from brokerage.jobs import commands

START = datetime(2026, 3, 2, 1, 0, 30, tzinfo=UTC)


class Killed(BaseException):
    """The process ended here; no `except Exception` may see it."""


class World:
    """The clock and the crash point of one test."""

    def __init__(self) -> None:
        self.now = START
        self.crash_at: str | None = None

    def wait(self, **parts: float) -> None:
        """Let time pass."""
        self.now += timedelta(**parts)

    def crash(self, point: str) -> None:
        if point == self.crash_at:
            self.crash_at = None
            raise Killed(point)

    def dies_at(self, point: str, work: Callable[[], object]) -> None:
        """Run `work`, which must die at `point`, once."""
        self.crash_at = point
        with pytest.raises(Killed):
            work()

    def cycle(self, queue: str = "reval") -> None:
        """What tick, sweep and workers do until nothing is left for now."""
        commands.tick()
        commands.sweep()
        commands.drain(queue, "worker")

    def cycles(self, minutes: int) -> None:
        """One cycle a minute."""
        for _ in range(minutes):
            self.cycle()
            self.wait(minutes=1)
