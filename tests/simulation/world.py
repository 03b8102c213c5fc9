"""What a seed decides: time, identifiers, chance, and where a process dies or falls asleep."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID

from brokerage.ledger import seams
from brokerage.ledger.commands import Around, Command
from brokerage.ledger.entry import Context

COMMIT_POINTS = ("before-commit", "after-commit")
JOB_POINTS = (
    "jobs.after-claim",
    "jobs.after-plan",
    "jobs.after-shards",
    "jobs.before-shard-commit",
    "jobs.after-shard-commit",
    "jobs.after-send",
)


class Killed(BaseException):
    """The process ended here; no `except Exception` may see it."""


class Broken(BaseException):
    """A guarantee does not hold; nothing in the product may swallow it."""


class Commit(NamedTuple):
    """One command that the database took: its name, what it was called with and when it is effective."""

    command: str
    key: str
    effective_at: datetime
    inputs: dict[str, Any]


class World:
    """One seeded run: the only source of time and chance; it keeps the list of steps and of commits."""

    def __init__(self, seed: int | str, now: datetime) -> None:
        self.now = now
        self.random = Random(f"{seed} events")
        self.steps: list[str] = []
        self.commits: list[Commit] = []
        self._identifiers = Random(f"{seed} identifiers")
        self._running: list[Commit] = []
        self._dies_at: str | None = None
        self._sleeps: tuple[str, Callable[[], None]] | None = None

    def chance(self, probability: float) -> bool:
        """Whether something that likely happens now."""
        return self.random.random() < probability

    def wait(self, **delta: float) -> None:
        """Let time pass."""
        self.now += timedelta(**delta)

    def new_id(self) -> UUID:
        """A UUIDv7 of the present with random bits from the seed."""
        milliseconds = int(self.now.timestamp() * 1000)
        low = (2 << 62) | self._identifiers.getrandbits(62)
        return UUID(int=(milliseconds << 80) | (7 << 76) | (self._identifiers.getrandbits(12) << 64) | low)

    def note(self, step: str) -> None:
        """Add a line to the list of steps that a failing seed prints."""
        self.steps.append(f"{self.now:%m-%d %H:%M:%S} {step}")

    def dies_at(self, point: str | None) -> None:
        """Kill the process when it next comes to that point; None lets it live."""
        self._dies_at = point

    def sleeps_at(self, point: str, meanwhile: Callable[[], None]) -> None:
        """Let the process fall asleep at that point, once, while other things happen."""
        self._sleeps = point, meanwhile

    def nothing_happens(self) -> None:
        """Forget a death or a nap whose point was not reached."""
        self._dies_at = self._sleeps = None

    def at_point(self, point: str) -> None:
        """The product's crash points lead here."""
        if point == "after-commit":
            self.commits.append(self._running[-1])
        if self._sleeps is not None and self._sleeps[0] == point:
            (_, meanwhile), self._sleeps = self._sleeps, None
            meanwhile()
        if self._dies_at == point:
            self._dies_at = None
            self.note(f"   died {point}")
            raise Killed(point)

    @contextmanager
    def rules(self) -> Iterator[None]:
        """Clock, identifiers and crash points are this world's inside the block; commands are watched."""
        once = Command._once

        def watched(
            command: Command[Any, Any], around: Around, context: Context, /, *args: Any, **inputs: Any
        ) -> Any:
            self._running.append(Commit(command.name, context.key, context.effective_at, inputs))
            try:
                return once(command, around, context, *args, **inputs)
            finally:
                self._running.pop()

        with (
            patch.object(Command, "_once", watched),
            seams.using(clock=lambda: self.now, ids=self.new_id, crash=self.at_point),
        ):
            yield
