"""What commands of upper rooms do to a client inside their own entry."""

from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.entry import Entry

from . import queries
from .events import StatusChanged
from .rules.holds import HoldInPlace
from .rules.status import ClientStatus, check_transition


def close_step(entry: Entry, *, client: UUID, reason: str) -> None:
    """Close a locked client for good, by two people; the caller has proved that nothing is left behind.

    Raises UnknownClient, BadTransition, ReasonMissing, HoldInPlace or SecondPersonNeeded.
    """
    found = queries.client(client)
    check_transition(ClientStatus(found.base), ClientStatus.CLOSED, reason)
    if found.holds:
        raise HoldInPlace("Lift every hold before the client is closed.", client=client)
    entry.second_person(Perm.APPROVE_STATUSES, client=client)
    entry.record(client, StatusChanged(status=ClientStatus.CLOSED, reason=reason))
