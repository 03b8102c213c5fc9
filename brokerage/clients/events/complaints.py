"""Complaints: dates and codes here, words sealed."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from brokerage.ledger.registry import event

from ..rules.complaints import Channel, Outcome, Subject


@event("clients.complaint-received")
@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintReceived:
    """Somebody complained; `client` is None for one who is no client."""

    client: UUID | None
    subject: Subject
    channel: Channel
    received: date
    text: UUID
    digest: str


@event("clients.complaint-acknowledged")
@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAcknowledged:
    """The firm told the complainant that it looks into it."""


@event("clients.complaint-answered")
@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAnswered:
    """The firm answered."""

    outcome: Outcome
    text: UUID
    digest: str


@event("clients.complaint-closed")
@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintClosed:
    """Nothing is left to do."""
