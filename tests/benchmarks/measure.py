"""Contestants run in turns, so that the machine's mood hits all; medians, spread and ratios of times."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

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

    @property
    def rate(self) -> float:
        """Units a second, at the median."""
        return self.units / median(self.seconds)

    @property
    def spread(self) -> float:
        """Half the distance from the slowest to the fastest round, as a share of the median."""
        return (max(self.seconds) - min(self.seconds)) / 2 / median(self.seconds)

    def ratio_to(self, other: "Times") -> float:
        """How many times the other's rate, as the median of the ratios of equal rounds."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return median((self.units / mine) / (other.units / theirs) for mine, theirs in pairs)


def interleaved(contestants: Sequence[Contestant], *, units: int, rounds: int) -> dict[str, Times]:
    """Run each contestant once a round, each round starting with another one; one round to warm up first."""
    taken: dict[str, list[float]] = {each.name: [] for each in contestants}
    for number in range(rounds + 1):
        shift = number % len(contestants)
        for each in (*contestants[shift:], *contestants[:shift]):
            seconds = each.run()
            if number:
                taken[each.name].append(seconds)
    return {name: Times(name, units, tuple(seconds)) for name, seconds in taken.items()}
