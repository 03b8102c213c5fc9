"""Reviews set, raised and done, and what made them necessary."""

from dataclasses import dataclass
from datetime import date

from brokerage.ledger.registry import event

from ..rules.reviews import Circumstance, ReviewKind, ReviewOutcome


@event("clients.review-set")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSet:
    """The client is to be reviewed by that day."""

    kind: ReviewKind
    due: date


@event("clients.review-raised")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRaised:
    """The day has come, and the review waits for a person."""

    kind: ReviewKind
    due: date


@event("clients.review-done")
@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDone:
    """A person reviewed the client; the next review of the kind is due then, or there is none."""

    kind: ReviewKind
    outcome: ReviewOutcome
    next_due: date | None


@event("clients.circumstances-changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class CircumstancesChanged:
    """Something about the client changed; what it changed to is in the vault."""

    what: Circumstance
