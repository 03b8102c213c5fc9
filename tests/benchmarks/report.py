"""From times to lines, and from lines to a table on the screen and a page in docs/."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import psutil

from .measure import Times

LINEAR = 1.3


class Size(NamedTuple):
    """How large the measured work was, and how large the aim names it."""

    measured: int
    named: int
    what: str

    def __str__(self) -> str:
        return f"{self.measured:,} of {self.named:,} {self.what}"


@dataclass(frozen=True, slots=True)
class Aim:
    """One figure against its aim, by the clock and by processor time; `share` of the aim was reached."""

    number: str
    work: str
    against: str
    by_clock: str
    by_cpu: str
    aimed: str
    share: float | None
    size: Size | None

    @property
    def verdict(self) -> str:
        """By the clock: reached, or by how much it was missed; none below the size that the aim names."""
        if self.share is None:
            return "shown for comparison"
        if self.size is not None and self.size.measured < self.size.named:
            return "not at size"
        return "reached" if self.share >= 1 else f"missed: {self.share:.0%} of the aim"


@dataclass(slots=True)
class Page:
    """What a run found, in order."""

    aims: list[Aim] = field(default_factory=list)
    rates: list[tuple[str, Times, str]] = field(default_factory=list)

    def ratio(self, number: str, work: str, found: dict[str, Times], against: str, aim: float | None) -> None:
        """Praya's rate as a multiple of another contestant's; at least `aim` of it is wanted."""
        mine, other = found["Praya"], found[against]
        self._rate(number, work, (mine, other), "/s")
        by_clock, by_cpu = mine.ratio_to(other), mine.cpu_rate / other.cpu_rate
        aimed, share = (f"at least {aim:g} x", by_clock / aim) if aim else ("", None)
        self._add(Aim(number, work, against, f"{by_clock:.2f} x", f"{by_cpu:.2f} x", aimed, share, None))

    def cost(
        self,
        number: str,
        work: str,
        found: dict[str, Times],
        floor: str,
        aim: float,
        size: Size | None = None,
    ) -> None:
        """What Praya takes as a multiple of the floor; at most `aim` of it is wanted."""
        mine, least = found["Praya"], found[floor]
        self._rate(number, work, (mine, least), "/s")
        ratios = 1 / mine.ratio_to(least), least.cpu_rate / mine.cpu_rate
        self._at_most(number, work, floor, ratios, aim, " x", size)

    def at_least(self, number: str, work: str, times: Times, aim: float, unit: str, size: Size) -> None:
        """A rate of so many units a second is wanted."""
        self._rate(number, work, (times,), unit)
        by_clock, by_cpu = (f"{rate:,.0f}{unit}" for rate in (times.rate, times.cpu_rate))
        self._add(Aim(number, work, "a rate", by_clock, by_cpu, f"{aim:,.0f}{unit}", times.rate / aim, size))

    def within(self, number: str, work: str, times: Times, units: int, aim: float, size: Size) -> None:
        """So many units in at most `aim` seconds are wanted."""
        self._rate(number, work, (times,), "/s")
        self._at_most(number, work, "time", (units / times.rate, units / times.cpu_rate), aim, " s", size)

    def growth(self, work: str, small: Times, large: Times, size: Size | None = None) -> None:
        """The cost of one unit of the larger work as a multiple of that of the smaller (P12)."""
        found = small.rate / large.rate, small.cpu_rate / large.cpu_rate
        self._at_most("P12", work, "cost of one unit", found, LINEAR, " x", size)

    def _at_most(
        self,
        number: str,
        work: str,
        against: str,
        found: tuple[float, float],
        aim: float,
        unit: str,
        size: Size | None,
    ) -> None:
        by_clock, by_cpu = (f"{value:.3g}{unit}" for value in found)
        aimed = f"at most {aim:g}{unit}"
        self._add(Aim(number, work, against, by_clock, by_cpu, aimed, aim / found[0], size))

    def _rate(self, number: str, work: str, all_times: Iterable[Times], unit: str) -> None:
        for times in all_times:
            row = (f"{number} {work}", times, unit)
            if row not in self.rates:
                self.rates.append(row)

    def _add(self, aim: Aim) -> None:
        self.aims.append(aim)
        figures = f"{aim.by_clock:>18} {aim.by_cpu:>18} {aim.aimed:>24}"
        print(
            f"{aim.number:4} {aim.work:48} {aim.against:31}", figures, aim.verdict, aim.size or "", flush=True
        )

    def write(
        self, path: Path, *, server: str, scale: float, rounds: int, peers: Sequence[str], notes: str
    ) -> None:
        """The page for docs/: machine and versions, the aims, all rates, and what limits them."""
        lines = [
            "# Benchmarks",
            "",
            "Written by `make bench`; trust the ratios, not the absolute figures. Contestants take turns",
            "on one PostgreSQL that flushes every commit to disk, after a round to warm up.",
            "",
            f"* {_machine()}",
            f"* PostgreSQL {server}, Python {platform.python_version()}, "
            + ", ".join(f"{name} {version(name)}" for name in ("Django", "psycopg")),
            f"* Peers: {', '.join(peers)}",
            f"* {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, scale {scale:g}, {rounds} rounds,"
            f" load average {os.getloadavg()[1]:.1f} while it ran",
            "",
            "## Aims",
            "",
            "By the clock, and by processor time (the database's and the peer's included), which other work",
            "on the machine cannot distort. The verdict is by the clock, and is given only at the size that",
            "the aim names; below it the figures say how the work goes, not whether the aim is reached.",
            "",
            "| # | work | against | by the clock | by processor time | aim | size | |",
            "|---|---|---|---|---|---|---|---|",
            *(
                f"| {aim.number} | {aim.work} | {aim.against} | {aim.by_clock} | {aim.by_cpu} | {aim.aimed} |"
                f" {aim.size or ''} | {aim.verdict} |"
                for aim in self.aims
            ),
            "",
            "## Rates",
            "",
            "Units a second at the median; the spread is half the distance from slowest to fastest round.",
            "",
            "| work | contestant | rate | spread | by processor time |",
            "|---|---|---|---|---|",
            *(
                f"| {work} | {times.name} | {times.rate:,.0f}{unit} | ±{times.spread:.0%} |"
                f" {times.cpu_rate:,.0f}{unit} |"
                for work, times, unit in self.rates
            ),
            "",
            notes.strip(),
            "",
        ]
        path.write_text("\n".join(lines))


def _machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        model = models[0] if models else model
    memory = psutil.virtual_memory().total / 2**30
    kernel = platform.release().partition("-")[0]
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {kernel}"
