"""Reviews, folded from their events."""

from collections.abc import Sequence
from uuid import UUID

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events.reviews import ReviewDone, ReviewRaised, ReviewSet
from ..events.standing import InvestorClassified
from ..models.reviews import Review
from ..rules.classification import Investor
from ..rules.reviews import ReviewKind, review_id

REVIEWED = (ReviewSet, ReviewRaised, ReviewDone, InvestorClassified)


@projection(models=(Review,), events=REVIEWED)
def reviews(events: Sequence[Recorded]) -> None:
    """One row a client and kind."""
    fold(Review, events, evolved_review, key=review_of)


def review_of(recorded: Recorded) -> UUID:
    """Which review an event is about."""
    return review_id(recorded.stream, _kind(recorded))


def _kind(recorded: Recorded) -> ReviewKind:
    event = recorded.event
    return ReviewKind.PROFESSIONAL if isinstance(event, InvestorClassified) else ReviewKind(event.kind)


def evolved_review(row: Review | None, recorded: Recorded) -> Review:
    """The review after the event; CLI-1 asks for one of each professional investor."""
    event = recorded.event
    row = row or Review(id=review_of(recorded), client=recorded.stream, kind=_kind(recorded))
    if isinstance(event, ReviewRaised):
        row.raised_at = recorded.effective_at
    elif isinstance(event, ReviewDone):
        row.due, row.raised_at = event.next_due, None
        row.outcome, row.done_at = event.outcome, recorded.effective_at
    elif isinstance(event, InvestorClassified):
        row.due, row.raised_at = None if event.investor is Investor.RETAIL else event.review_due, None
    else:
        row.due, row.raised_at = event.due, None
    return row
