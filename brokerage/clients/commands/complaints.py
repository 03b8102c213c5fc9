"""Complaints come in, are acknowledged, answered and closed (CMP-1)."""

from datetime import date
from uuid import UUID

from brokerage.ledger import seams
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, sealed
from ..events.complaints import (
    ComplaintAcknowledged,
    ComplaintAnswered,
    ComplaintClosed,
    ComplaintReceived,
)
from ..queries.complaints import complaint as found_complaint
from ..rules.complaints import BadReceiptDate, Channel, Outcome, Stage, Subject, check_next
from ..rules.sealed import checked_note


@command("clients.receive-complaint")
def receive_complaint(
    entry: Entry,
    *,
    client: UUID | None,
    subject: Subject,
    channel: Channel,
    text: str,
    received: date | None = None,
) -> UUID:
    """Enter a complaint, received today unless an earlier day is given; returns its id.

    Raises UnknownClient, BadText or BadReceiptDate.
    """
    note = checked_note(text)
    today = hong_kong_date(entry.effective_at)
    if (received or today) > today:
        raise BadReceiptDate("A complaint was received today or before.", received=received)
    if client is not None:
        queries.client(client)
    complaint = seams.new_id()
    entry.lock(complaint)
    kept = sealed.keep(complaint, note)
    came = ComplaintReceived(
        client=client,
        subject=subject,
        channel=channel,
        received=received or today,
        text=kept.id,
        digest=kept.digest,
    )
    entry.record(complaint, came)
    return complaint


@command("clients.acknowledge-complaint")
def acknowledge_complaint(entry: Entry, *, complaint: UUID) -> None:
    """Record that the complainant was told; raises UnknownComplaint or OutOfTurn."""
    _step(entry, complaint, Stage.ACKNOWLEDGED)
    entry.record(complaint, ComplaintAcknowledged())


@command("clients.answer-complaint")
def answer_complaint(entry: Entry, *, complaint: UUID, outcome: Outcome, text: str) -> None:
    """Record the answer; raises UnknownComplaint, OutOfTurn or BadText."""
    note = checked_note(text)
    _step(entry, complaint, Stage.ANSWERED)
    kept = sealed.keep(complaint, note)
    entry.record(complaint, ComplaintAnswered(outcome=outcome, text=kept.id, digest=kept.digest))


@command("clients.close-complaint")
def close_complaint(entry: Entry, *, complaint: UUID) -> None:
    """Close a complaint that was answered; raises UnknownComplaint or OutOfTurn."""
    _step(entry, complaint, Stage.CLOSED)
    entry.record(complaint, ComplaintClosed())


def _step(entry: Entry, complaint: UUID, wanted: Stage) -> None:
    entry.lock(complaint)
    check_next(Stage(found_complaint(complaint).stage), wanted)
