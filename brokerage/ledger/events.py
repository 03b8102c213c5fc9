"""The ledger's own events."""

from dataclasses import dataclass
from uuid import UUID

from .chart import Role
from .registry import Audience, event


@event("ledger.account-opened", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    """An account of the chart exists from now on, with a balance of zero."""

    owner: UUID
    role: Role
    asset: str


@event("ledger.reversed", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    """The postings of an earlier event are taken back by their negatives; the event itself stays."""

    stream: UUID
    version: int
    reason: str
