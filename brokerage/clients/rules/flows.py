"""Money and virtual assets on the move: large operations, and parts that count as one (CLI-6)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from brokerage.ledger.amounts import EXACT, ZERO

WINDOW = timedelta(days=7)
"""House policy: operations within so long of one another may be linked."""
TRANSFER = Decimal(8_000)
"""CLI-6: due diligence on wires and on transfers of virtual assets from here on, in Hong Kong dollars.

All money comes and goes by wire here, so the rule's 120,000 for other occasional operations is never first.
"""


class Flow(NamedTuple):
    """One deposit or withdrawal: its instant, its worth in Hong Kong dollars, its place in the book."""

    at: datetime
    worth: Decimal
    reference: str

    @classmethod
    def of(cls, at: datetime, worth: Decimal | None, reference: str) -> "Flow":
        """A flow; one that nobody can value (None) counts as reaching the threshold: somebody is to look."""
        return cls(at, TRANSFER if worth is None else worth, reference)


def large(flows: Iterable[Flow]) -> list[Flow]:
    """CLI-6: single operations that reached the threshold by themselves, earliest first."""
    return sorted(flow for flow in flows if flow.worth >= TRANSFER)


def linked(flows: Iterable[Flow]) -> list[Flow]:
    """CLI-6: parts, each below the threshold, that came to it with those within the window before, in order.

    A single operation at or above the threshold is no part: it is `large`.
    """
    parts: list[Flow] = []
    reached: list[Flow] = []
    total = ZERO
    for flow in sorted(flow for flow in flows if flow.worth < TRANSFER):
        parts.append(flow)
        total = EXACT.add(total, flow.worth)
        while flow.at - parts[0].at > WINDOW:
            total = EXACT.subtract(total, parts.pop(0).worth)
        if total >= TRANSFER:
            reached.append(flow)
    return reached
