"""Money and virtual assets on the move: large operations, and parts that count as one (CLI-6)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from brokerage.ledger.amounts import EXACT, ZERO

WINDOW = timedelta(days=7)
"""House policy: operations within so long of one another may be linked."""
OCCASIONAL = Decimal(120_000)
"""CLI-6: due diligence on transactions from here on, in Hong Kong dollars."""
TRANSFER = Decimal(8_000)
"""CLI-6: due diligence on transfers of virtual assets from here on, in Hong Kong dollars."""


class Flow(NamedTuple):
    """One deposit or withdrawal: its instant and its worth in Hong Kong dollars."""

    at: datetime
    worth: Decimal


def large(flows: Iterable[Flow], threshold: Decimal) -> list[datetime]:
    """CLI-6: when single operations reached the threshold by themselves, earliest first."""
    return sorted(flow.at for flow in flows if flow.worth >= threshold)


def linked(flows: Iterable[Flow], threshold: Decimal) -> datetime | None:
    """CLI-6: when parts, each below the threshold, within the window of one another first reached it.

    None if they never did. A single operation at or above the threshold is no part: it is `large`.
    """
    parts: list[Flow] = []
    total = ZERO
    for flow in sorted(flow for flow in flows if flow.worth < threshold):
        parts.append(flow)
        total = EXACT.add(total, flow.worth)
        while flow.at - parts[0].at > WINDOW:
            total = EXACT.subtract(total, parts.pop(0).worth)
        if total >= threshold:
            return flow.at
    return None
