"""Contestants run in turns, so that the machine's mood hits all; medians, spread and ratios of times."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

import psutil

TICK = 0.01
"""What the kernel counts processor time in, in seconds."""
Run = Callable[[], float]
"""Does the work once and returns the seconds it took, measured as close to the work as possible."""


class Contestant(NamedTuple):
    """Who does the work: the product, a floor or a peer."""

    name: str
    run: Run


def timed(work: Callable[[], object]) -> float:
    """The seconds a piece of work took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds of one contestant, round by round, for `units` of work each."""

    name: str
    units: int
    seconds: tuple[float, ...]
    cpu: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Units a second, at the median."""
        return self.units / median(self.seconds)

    @property
    def spread(self) -> float:
        """Half the distance from the slowest to the fastest round, as a share of the median."""
        return (max(self.seconds) - min(self.seconds)) / 2 / median(self.seconds)

    @property
    def cpu_rate(self) -> float:
        """Units a second of processor time, the database's included: what other work cannot distort."""
        return self.units * len(self.cpu) / max(sum(self.cpu), TICK)

    def ratio_to(self, other: "Times") -> float:
        """How many times the other's rate, as the median of the ratios of equal rounds."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return median((self.units / mine) / (other.units / theirs) for mine, theirs in pairs)


class Processor:
    """The processor time of this process and all it started: the database, the peers, the writers."""

    def __init__(self) -> None:
        self._before = self._now()

    def used(self) -> float:
        """Seconds since the start, over all cores."""
        return sum(spent - self._before.get(pid, 0) for pid, spent in self._now().items())

    def _now(self) -> dict[int, float]:
        me = psutil.Process()
        found = {}
        for process in (me, *me.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                found[process.pid] = times.user + times.system
        return found


def measured(run: Run) -> tuple[float, float]:
    """The seconds a run says it took, and the processor time everybody spent meanwhile."""
    processor = Processor()
    return run(), processor.used()


def interleaved(contestants: Sequence[Contestant], *, units: int, rounds: int) -> dict[str, Times]:
    """Run each contestant once a round, each round starting with another one; one round to warm up first."""
    taken: dict[str, list[tuple[float, float]]] = {each.name: [] for each in contestants}
    for number in range(rounds + 1):
        shift = number % len(contestants)
        for each in (*contestants[shift:], *contestants[:shift]):
            found = measured(each.run)
            if number:
                taken[each.name].append(found)
    return {name: Times(name, units, *zip(*found, strict=True)) for name, found in taken.items()}
