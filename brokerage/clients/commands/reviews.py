"""Setting, raising and doing reviews; taking note that a client's circumstances changed."""

from datetime import date
from uuid import UUID

from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries
from ..events.reviews import CircumstancesChanged, ReviewDone, ReviewRaised, ReviewSet
from ..queries.reviews import review, review_set
from ..queries.tax import certified_behind
from ..rules.reviews import (
    Circumstance,
    ReviewKind,
    ReviewOutcome,
    check_due,
    check_reviewable,
    check_sooner,
    latest_due,
)
from .tax import note_tax_change


@command("clients.set-review")
def set_review(entry: Entry, *, client: UUID, kind: ReviewKind, due: date) -> None:
    """Set the day by which a client is to be reviewed; one that is set may only come sooner.

    Raises UnknownClient, BadReviewDate, or EvidenceReviewed for a professional's.
    """
    check_reviewable(kind)
    entry.lock(client)
    queries.client(client)
    check_due(kind, due, hong_kong_date(entry.effective_at))
    stands = review_set(client, kind)
    check_sooner(due, stands.due if stands else None)
    entry.record(client, ReviewSet(kind=kind, due=due))


@command("clients.plan-reviews")
def plan_reviews(entry: Entry, *, client: UUID) -> None:
    """Set the first periodic review of a client that has none, a period after it was opened.

    A client opened longer ago is due at once. Raises UnknownClient; NothingToDo when one is set.
    """
    entry.lock(client)
    opened = hong_kong_date(queries.client(client).opened_at)
    if review_set(client, ReviewKind.PERIODIC):
        raise NothingToDo("A review is set.", client=client)
    entry.record(client, ReviewSet(kind=ReviewKind.PERIODIC, due=latest_due(ReviewKind.PERIODIC, opened)))


@command("clients.raise-review")
def raise_review(entry: Entry, *, client: UUID, kind: ReviewKind) -> None:
    """Bring a review whose day has come before a person; raises NoReview, or NothingToDo before its day."""
    entry.lock(client)
    found = review(client, kind)
    if found.raised_at is not None or found.due is None or found.due > hong_kong_date(entry.effective_at):
        raise NothingToDo("The review is not due, or was raised.", client=client)
    entry.record(client, ReviewRaised(kind=kind, due=found.due))


@command("clients.do-review")
def do_review(
    entry: Entry, *, client: UUID, kind: ReviewKind, outcome: ReviewOutcome, next_due: date | None = None
) -> None:
    """Record that a person reviewed the client; the next one is set by the house's period unless sooner.

    A review of changed circumstances is not repeated. Raises NoReview, BadReviewDate, or EvidenceReviewed
    for a professional's.
    """
    check_reviewable(kind)
    entry.lock(client)
    review(client, kind)
    today = hong_kong_date(entry.effective_at)
    if kind is not ReviewKind.CIRCUMSTANCES or outcome is not ReviewOutcome.SATISFIED:
        next_due = next_due or latest_due(kind, today)
    if next_due is not None:
        check_due(kind, next_due, today)
    entry.record(client, ReviewDone(kind=kind, outcome=outcome, next_due=next_due))


@command("clients.change-circumstances")
def change_circumstances(entry: Entry, *, client: UUID, what: Circumstance) -> None:
    """Take note that something about the client changed; a review follows. Raises UnknownClient.

    If it is the tax residence, everybody behind the client who certified it is to do so again (CARF).
    """
    certified = certified_behind(client) if what is Circumstance.TAX_RESIDENCE else []
    entry.lock(client, *certified)
    queries.client(client)
    note_change(entry, client, what)
    for person in certified:
        note_tax_change(entry, person)


def note_change(entry: Entry, client: UUID, what: Circumstance) -> None:
    """Record what changed about a locked client, and set its review unless one is set already."""
    entry.record(client, CircumstancesChanged(what=what))
    if review_set(client, ReviewKind.CIRCUMSTANCES) is None:
        due = latest_due(ReviewKind.CIRCUMSTANCES, hong_kong_date(entry.effective_at))
        entry.record(client, ReviewSet(kind=ReviewKind.CIRCUMSTANCES, due=due))
