"""Opening a client and changing what the client may do."""

from uuid import UUID

from brokerage.ledger.commands import Entry, command

from . import queries
from .events import ClientOpened, StatusChanged
from .rules import (
    Classification,
    ClientStatus,
    ClientType,
    ReferenceTaken,
    check_transition,
    checked_reference,
    client_id,
)


@command("clients.open-client")
def open_client(
    entry: Entry, *, reference: str, type: ClientType, classification: Classification = Classification.RETAIL
) -> UUID:
    """Open a client under a reference of the firm's own; returns the client's id.

    Raises BadReference or ReferenceTaken.
    """
    client = client_id(checked_reference(reference))
    entry.lock(client)
    if entry.version(client):
        raise ReferenceTaken("Another client has this reference.", reference=reference)
    entry.record(client, ClientOpened(reference=reference, type=type, classification=classification))
    return client


@command("clients.change-status")
def change_status(entry: Entry, *, client: UUID, status: ClientStatus, reason: str) -> None:
    """Suspend, freeze, reactivate or close a client; `reason` is a code or case number.

    What was begun before may still finish; whatever starts later sees the new status. Raises
    UnknownClient, BadTransition or ReasonMissing.
    """
    entry.lock(client)
    check_transition(ClientStatus(queries.client(client).status), status, reason)
    entry.record(client, StatusChanged(status=status, reason=reason))
