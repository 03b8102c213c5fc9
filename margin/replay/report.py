"""What a replay printed: calls and their ends by year and on the worst days, and who was refused what."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from brokerage.ledger import feed
from brokerage.ledger.amounts import ZERO
from brokerage.ledger.hong_kong import HONG_KONG

from ..models import Call, SaleFill
from ..rules.lifecycle import Stage
from .run import Replayed

WORST = 10
COLUMNS = ("issued", "met", "by market", "expired", "sold (HKD)", "deficit (HKD)")


@dataclass(slots=True)
class Row:
    """Calls of one year or day by what became of them, and what was sold and lost, in HKD."""

    issued: int = 0
    met: int = 0
    met_by_market: int = 0
    expired: int = 0
    sold: Decimal = ZERO
    deficit: Decimal = ZERO

    def cells(self) -> tuple[str, ...]:
        """The figures as text, money without cents."""
        counts = (self.issued, self.met, self.met_by_market, self.expired)
        return (*(f"{count:,}" for count in counts), f"{self.sold:,.0f}", f"{self.deficit:,.0f}")


def by_day() -> dict[date, Row]:
    """One row for each Hong Kong day on which anything happened; a replay's day is the day before 08:00."""
    rows: defaultdict[date, Row] = defaultdict(Row)
    for call in Call.objects.order_by("issued_at"):
        rows[trading_day(call.issued_at)].issued += 1
        if call.expired_at is not None:
            rows[trading_day(call.expired_at)].expired += 1
        if call.ended_at is not None and call.stage == Stage.MET:
            rows[trading_day(call.ended_at)].met += 1
        if call.ended_at is not None and call.stage == Stage.MET_BY_MARKET:
            rows[trading_day(call.ended_at)].met_by_market += 1
    for fill in SaleFill.objects.all():
        rows[trading_day(fill.filled_at)].sold += fill.proceeds
    for recorded in feed.read(0, limit=100_000, kinds=["margin.deficit-recorded"]):
        rows[trading_day(recorded.effective_at)].deficit += recorded.event.amount
    return dict(sorted(rows.items()))


def by_year(days: dict[date, Row]) -> dict[int, Row]:
    """The daily rows added up by year."""
    years: defaultdict[int, Row] = defaultdict(Row)
    for day, row in days.items():
        total = years[day.year]
        total.issued += row.issued
        total.met += row.met
        total.met_by_market += row.met_by_market
        total.expired += row.expired
        total.sold += row.sold
        total.deficit += row.deficit
    return dict(years)


def text(replayed: Replayed) -> str:
    """The report as plain text."""
    days = by_day()
    worst = sorted(days.items(), key=lambda item: (-item[1].issued, item[0]))[:WORST]
    years = [(str(year), row.cells()) for year, row in by_year(days).items()]
    refused = ", ".join(f"{code} {count:,}" for code, count in sorted(replayed.refused.items()))
    parts = [
        _table("year", years),
        _table("ten worst days", [(day.isoformat(), row.cells()) for day, row in worst]),
        f"refused to clients: {refused or 'nothing'}",
        f"state hash: {replayed.state_hash}",
    ]
    return "\n\n".join(parts)


def trading_day(at: datetime) -> date:
    """The day whose closes counted: the one before 08:00 in Hong Kong."""
    return date.fromordinal(at.astimezone(HONG_KONG).date().toordinal() - 1)


def _table(title: str, rows: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    lines = [(title, *COLUMNS), *((name, *cells) for name, cells in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
