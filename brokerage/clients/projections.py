"""Clients, folded from their events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from .events import ClientOpened, StatusChanged
from .models import Client
from .rules import ClientStatus


@projection(models=(Client,), events=(ClientOpened, StatusChanged))
def clients(events: Sequence[Recorded]) -> None:
    """One row a client."""
    fold(Client, events, _evolve, key=lambda recorded: recorded.stream)


def _evolve(row: Client | None, recorded: Recorded) -> Client:
    event = recorded.event
    if row is None:
        return Client(
            id=recorded.stream,
            reference=event.reference,
            type=event.type,
            classification=event.classification,
            status=ClientStatus.ACTIVE,
            opened_at=recorded.effective_at,
            status_at=recorded.effective_at,
        )
    row.status = event.status
    row.status_at = recorded.effective_at
    return row
