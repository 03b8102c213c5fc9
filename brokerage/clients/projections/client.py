"""Clients, folded from their events."""

from collections.abc import Sequence
from uuid import UUID

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events import AuthorityEnded, AuthorityGranted, ClientOpened, StatusChanged
from ..events.holds import HoldLifted, HoldPlaced
from ..models import Authority, Client
from ..rules.authority import authority_id
from ..rules.status import ClientStatus


@projection(models=(Client,), events=(ClientOpened, StatusChanged, HoldPlaced, HoldLifted))
def clients(events: Sequence[Recorded]) -> None:
    """One row a client."""
    fold(Client, events, evolved_client, key=lambda recorded: recorded.stream)


def evolved_client(row: Client | None, recorded: Recorded) -> Client:
    """The client after the event."""
    event = recorded.event
    if row is None:
        return Client(
            id=recorded.stream,
            reference=event.reference,
            type=event.type,
            classification=event.classification,
            status=ClientStatus.ACTIVE,
            base=ClientStatus.ACTIVE,
            holds={},
            opened_at=recorded.effective_at,
            status_at=recorded.effective_at,
        )
    if isinstance(event, HoldPlaced):
        placed = {"ground": event.ground.value, "reference": event.reference}
        row.holds = {**row.holds, str(event.hold): placed}
    elif isinstance(event, HoldLifted):
        row.holds = {id: each for id, each in row.holds.items() if id != str(event.hold)}
    else:
        row.base = event.status
    status = ClientStatus.FROZEN if row.holds and row.base != ClientStatus.CLOSED else row.base
    if status != row.status:  # who was closed stays so since then: CLI-9 counts from there
        row.status, row.status_at = status, recorded.effective_at
    return row


@projection(models=(Authority,), events=(AuthorityGranted, AuthorityEnded))
def authorities(events: Sequence[Recorded]) -> None:
    """One row a client, person and capacity."""
    fold(Authority, events, evolved_authority, key=authority_of)


def authority_of(recorded: Recorded) -> UUID:
    """Which authority an event is about."""
    return authority_id(recorded.stream, recorded.event.person, recorded.event.capacity)


def evolved_authority(row: Authority | None, recorded: Recorded) -> Authority:
    """The authority after the event."""
    event = recorded.event
    if isinstance(event, AuthorityEnded) and row is not None:
        row.ended_at = recorded.effective_at
        return row
    return Authority(
        id=authority_of(recorded),
        client=recorded.stream,
        person=event.person,
        capacity=event.capacity,
        granted_at=recorded.effective_at,
        until=event.until,
    )
