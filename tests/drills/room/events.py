"""What happens in a drill."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brokerage.ledger.registry import event


@event("drill.marked")
@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The job covered an item for a slot."""

    slot: datetime


@event("drill.paid")
@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A client was paid one dollar."""

    client: UUID


@event("drill.noticed")
@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """The message of a payment arrived."""

    message: UUID
