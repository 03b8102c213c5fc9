"""When a client is looked at again, and why before the time (CLI-1, CLI-6)."""

from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused


class ReviewKind(StrEnum):
    """What a review looks at."""

    PERIODIC = "periodic"
    """Identity, business and risk: the ongoing due diligence."""
    PROFESSIONAL = "professional-investor"
    """CLI-1: whether the client still is a professional investor."""
    CIRCUMSTANCES = "circumstances"
    """Something about the client changed."""


class Circumstance(StrEnum):
    """What changed about a client. What it changed to is in the vault."""

    ADDRESS = "address"
    NAME = "name"
    EMPLOYMENT = "employment"
    WEALTH = "wealth"
    TAX_RESIDENCE = "tax-residence"
    CONTROL = "control"
    POLITICAL_EXPOSURE = "political-exposure"
    CAPACITY = "capacity"


class ReviewOutcome(StrEnum):
    """What a review came to."""

    SATISFIED = "satisfied"
    DOCUMENTS_WANTED = "documents-wanted"
    RESTRICTED = "restricted"


class NoReview(Refused):
    """The client has no review of that kind to be done."""

    code = "clients.no-review"


class BadReviewDate(Refused):
    """A review set for a day that has passed, or for later than the house's period allows."""

    code = "clients.bad-review-date"


class EvidenceReviewed(Refused):
    """CLI-1: a professional investor is reviewed by classifying it again, on dated evidence."""

    code = "clients.evidence-reviewed"


PERIODS: dict[ReviewKind, tuple[tuple[date, timedelta], ...]] = {
    ReviewKind.PERIODIC: ((date(2026, 1, 1), timedelta(days=365)),),
    ReviewKind.PROFESSIONAL: ((date(2026, 1, 1), timedelta(days=365)),),
    ReviewKind.CIRCUMSTANCES: ((date(2026, 1, 1), timedelta(days=30)),),
}
"""House policy, dated: the longest time until the next review. CLI-1 asks for a year for professionals."""
DORMANT_AFTER = ((date(2026, 1, 1), timedelta(days=730)),)
"""House policy, dated: how long nothing is moved until a client counts as dormant."""


def in_force(values: tuple[tuple[date, timedelta], ...], day: date) -> timedelta:
    """The value that counts on a day: the newest that began by then, or the first before all of them."""
    return max((each for each in values if each[0] <= day), default=values[0])[1]


def latest_due(kind: ReviewKind, day: date) -> date:
    """The last day for a review that follows from something that happened on `day`."""
    return day + in_force(PERIODS[kind], day)


def review_id(client: UUID, kind: ReviewKind) -> UUID:
    """The id of a client's review of one kind."""
    return uuid5(client, f"review:{kind}")


def check_due(kind: ReviewKind, due: date, today: date) -> None:
    """Pass if the day lies between today and the house's latest; raises BadReviewDate."""
    if not today <= due <= latest_due(kind, today):
        raise BadReviewDate(
            f"Choose a day from today to {latest_due(kind, today)}.", due=due, latest=latest_due(kind, today)
        )


def check_sooner(due: date, stands: date | None) -> None:
    """Pass if no review of the kind is set, or the day comes before the one set; raises BadReviewDate.

    So a review that is due or was raised is put off by nothing: only doing it sets the next.
    """
    if stands is not None and due >= stands:
        raise BadReviewDate(f"It is set for {stands}: choose an earlier day, or do it.", due=due, set=stands)


def check_reviewable(kind: ReviewKind) -> None:
    """CLI-1: pass unless only a new classification can be this review; raises EvidenceReviewed."""
    if kind is ReviewKind.PROFESSIONAL:
        raise EvidenceReviewed("Classify the client again, on dated evidence: that is this review.")
