"""Where prices come from: the seam a live feed, a folder of files or a simulation fits into."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from .rules.calendars import HongKongCalendar
from .rules.instruments import Terms
from .rules.price_csv import new_closes, parse
from .rules.prices import Tick


class PriceSource(Protocol):
    """A source of prices, under the name its observations carry."""

    name: str

    def ticks(self, after: datetime, until: datetime) -> Iterator[Tick]:
        """What the source says for (after, until], oldest first, each instrument once per instant."""
        ...


class DailyFiles:
    """The closes in a folder of price files, one file per instrument, read once."""

    def __init__(
        self, name: str, files: Mapping[str, Path], terms: Mapping[str, Terms], calendar: HongKongCalendar
    ) -> None:
        """`files` and `terms` by instrument code. Raises MalformedFile or OSError."""
        self.name = name
        self._ticks = sorted(
            (tick for code, path in files.items() for tick in _ticks(path, terms[code], calendar)),
            key=lambda tick: (tick.source_time, tick.instrument),
        )

    def ticks(self, after: datetime, until: datetime) -> Iterator[Tick]:
        """The closes struck in (after, until]."""
        return (tick for tick in self._ticks if after < tick.source_time <= until)


def _ticks(path: Path, terms: Terms, calendar: HongKongCalendar) -> Iterator[Tick]:
    for close in new_closes(parse(path.read_bytes()), terms.asset_class, calendar, known={}):
        yield Tick(
            instrument=terms.code, price=close.price, currency=terms.currency, source_time=close.source_time
        )
