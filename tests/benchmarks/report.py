"""From times to lines, and from lines to a table on the screen and a page in docs/."""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from .measure import Times


@dataclass(frozen=True, slots=True)
class Aim:
    """One figure against its aim; `share` is how much of the aim was reached."""

    number: str
    work: str
    against: str
    measured: str
    aimed: str
    reached: bool | None
    share: float | None = None

    @property
    def verdict(self) -> str:
        """Reached, or by how much it was missed."""
        if self.reached is None:
            return "shown for comparison"
        if self.reached:
            return "reached"
        return f"missed: {self.share:.0%} of the aim" if self.share is not None else "missed"


@dataclass(slots=True)
class Page:
    """What a run found, in order."""

    aims: list[Aim] = field(default_factory=list)
    rates: list[tuple[str, Times, str]] = field(default_factory=list)

    def ratio(
        self,
        number: str,
        work: str,
        found: dict[str, Times],
        against: str,
        aim: float | None,
        unit: str = "/s",
    ) -> None:
        """Praya's rate as a multiple of another contestant's; at least `aim` of it is wanted."""
        mine, other = found["Praya"], found[against]
        self._rate(number, work, (mine, other), unit)
        got = mine.ratio_to(other)
        aimed = f"at least {aim:g} x" if aim else ""
        reached = None if aim is None else got >= aim
        self._add(Aim(number, work, against, f"{got:.2f} x", aimed, reached, got / aim if aim else None))

    def cost(self, number: str, work: str, found: dict[str, Times], floor: str, aim: float) -> None:
        """What Praya takes as a multiple of the floor; at most `aim` of it is wanted."""
        self._rate(number, work, (found["Praya"], found[floor]), "/s")
        self.at_most(number, work, floor, 1 / found["Praya"].ratio_to(found[floor]), aim, " x")

    def at_least(self, number: str, work: str, times: Times, aim: float, unit: str) -> None:
        """A rate of so many units a second is wanted."""
        self._rate(number, work, (times,), unit)
        got = times.rate
        self._add(
            Aim(number, work, "a rate", f"{got:,.0f}{unit}", f"{aim:,.0f}{unit}", got >= aim, got / aim)
        )

    def at_most(self, number: str, work: str, against: str, got: float, aim: float, unit: str) -> None:
        """No more than so much is wanted: seconds, or a multiple."""
        self._add(
            Aim(number, work, against, f"{got:.2f}{unit}", f"at most {aim:g}{unit}", got <= aim, aim / got)
        )

    def _rate(self, number: str, work: str, all_times: Iterable[Times], unit: str) -> None:
        for times in all_times:
            row = (f"{number} {work}", times, unit)
            if row not in self.rates:
                self.rates.append(row)

    def _add(self, aim: Aim) -> None:
        self.aims.append(aim)
        columns = f"{aim.number:4} {aim.work:44} {aim.against:32} {aim.measured:>12} {aim.aimed:>18}"
        print(columns, aim.verdict, sep="  ", flush=True)

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
            + ", ".join(f"{name} {version(name)}" for name in ("Django", "psycopg", "numpy")),
            f"* Peers: {', '.join(peers)}",
            f"* {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, scale {scale:g}, {rounds} rounds,"
            f" load average {os.getloadavg()[1]:.1f} while it ran",
            "",
            "## Aims",
            "",
            "| # | work | against | measured | aim | |",
            "|---|---|---|---|---|---|",
            *(
                f"| {a.number} | {a.work} | {a.against} | {a.measured} | {a.aimed} | {a.verdict} |"
                for a in self.aims
            ),
            "",
            "## Rates",
            "",
            "Units a second at the median; the spread is half the distance from slowest to fastest round.",
            "",
            "| work | contestant | rate | spread |",
            "|---|---|---|---|",
            *(
                f"| {work} | {times.name} | {times.rate:,.0f}{unit} | ±{times.spread:.0%} |"
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
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"
