"""What happened to a key for machines, on the key's own stream."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from ..rules import Perm


@event("access.key-made", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMade:
    """A key exists from now on; without a client it is the firm's own."""

    prefix: str
    person: UUID
    client: UUID | None
    scopes: tuple[Perm, ...]
    expires_at: datetime


@event("access.key-fetched", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFetched:
    """Whoever asked for the key was shown its text, once; it can be used from now on."""


@event("access.key-revoked", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked:
    """The key is refused from now on."""
