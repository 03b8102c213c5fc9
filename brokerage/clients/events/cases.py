"""Alerts and cases, on streams of their own that no client's stream points to. Compliance alone sees them."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from ..rules.cases import AlertGround, Closing


@event("clients.alert-raised", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """Somebody, or a rule, looked twice at a client; `text` is the sealed reason, None from a rule."""

    client: UUID
    ground: AlertGround
    text: UUID | None
    digest: str


@event("clients.alert-dismissed", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDismissed:
    """The alert needs no case."""

    reason: Closing


@event("clients.alert-joined", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class AlertJoined:
    """The alert is looked into in a case."""

    case: UUID


@event("clients.case-opened", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """A client's affairs are looked into."""

    client: UUID


@event("clients.case-noted", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseNoted:
    """A sealed note or paper was added; `media` is its format."""

    text: UUID
    digest: str
    media: str


@event("clients.case-reported", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReported:
    """A report was filed with the financial intelligence unit, which took it under this number."""

    number: str
    filed: date


@event("clients.closure-proposed", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureProposed:
    """One person would close the case without a report."""

    reason: Closing
    by: UUID


@event("clients.case-closed", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed:
    """The case is over."""

    reason: Closing
