"""What commands of upper rooms do to a client inside their own entry."""

from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.entry import Entry

from . import queries
from .commands.standing_authorities import end_all
from .events import AuthorityEnded, StatusChanged
from .queries.holds import authorities_of
from .rules.holds import HoldInPlace
from .rules.standing_authorities import End
from .rules.status import ClientStatus, check_transition


def close_step(entry: Entry, *, client: UUID, reason: str) -> None:
    """Close a locked client for good, by two people; the caller has proved that nothing is left behind.

    Nobody acts for it from then on, and what it let the firm do ends. Raises UnknownClient, BadTransition,
    BadReason, HoldInPlace or SecondPersonNeeded.
    """
    found = queries.client(client)
    check_transition(ClientStatus(found.base), ClientStatus.CLOSED, reason)
    if found.holds:
        raise HoldInPlace("Lift every hold before the client is closed.", client=client)
    entry.second_person(Perm.APPROVE_STATUSES, client=client)
    for person, capacity in authorities_of(client):
        entry.record(client, AuthorityEnded(person=person, capacity=capacity, reason=End.CLOSED.value))
    end_all(entry, client, End.CLOSED)
    entry.record(client, StatusChanged(status=ClientStatus.CLOSED, reason=reason))
