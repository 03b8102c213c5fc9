"""What happened to a client. No personal data: people live elsewhere and are named by reference."""

from dataclasses import dataclass

from brokerage.ledger.registry import Audience, event

from ..rules.status import Classification, ClientStatus, ClientType


@event("clients.client-opened", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOpened:
    """The firm deals with this client from now on, in this capacity; the status is active."""

    reference: str
    type: ClientType
    classification: Classification


@event("clients.status-changed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """What the client may do changed, for a stated reason (a code or case number, no person's data)."""

    status: ClientStatus
    reason: str
