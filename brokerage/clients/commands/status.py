"""Opening a client and changing what the client may do."""

from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry

from .. import queries
from ..events import ClientOpened, StatusChanged
from ..rules.status import (
    DUAL,
    Classification,
    ClientStatus,
    ClientType,
    CloseElsewhere,
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
    open_step(entry, client, reference=reference, type=type, classification=classification)
    return client


def open_step(
    entry: Entry, client: UUID, *, reference: str, type: ClientType, classification: Classification
) -> None:
    """Open a client whose stream is locked, within another command; raises ReferenceTaken."""
    if entry.version(client):
        raise ReferenceTaken("Another client has this reference.", reference=reference)
    entry.record(client, ClientOpened(reference=reference, type=type, classification=classification))


@command("clients.change-status")
def change_status(entry: Entry, *, client: UUID, status: ClientStatus, reason: str) -> None:
    """Suspend, freeze, reactivate a client or call it dormant; `reason` is a code or case number.

    All but a suspension and dormancy take two people. What was begun before may still finish; whatever
    starts later sees the new status. Raises UnknownClient, BadTransition, BadReason, CloseElsewhere
    or SecondPersonNeeded.
    """
    if status is ClientStatus.CLOSED:
        raise CloseElsewhere("Close the client where its accounts are seen.", client=client)
    entry.lock(client)
    check_transition(ClientStatus(queries.client(client).base), status, reason)
    if status in DUAL:
        entry.second_person(Perm.APPROVE_STATUSES, client=client)
    entry.record(client, StatusChanged(status=status, reason=reason))
