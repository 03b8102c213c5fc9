"""The complaints register, folded from its events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events.complaints import (
    ComplaintAcknowledged,
    ComplaintAnswered,
    ComplaintClosed,
    ComplaintReceived,
)
from ..models.complaints import Complaint
from ..rules.complaints import Stage, due_dates


@projection(
    models=(Complaint,),
    events=(ComplaintReceived, ComplaintAcknowledged, ComplaintAnswered, ComplaintClosed),
)
def complaints(events: Sequence[Recorded]) -> None:
    """One row a complaint."""
    fold(Complaint, events, _evolve, key=lambda recorded: recorded.stream)


def _evolve(row: Complaint | None, recorded: Recorded) -> Complaint:
    event = recorded.event
    row = row or Complaint(id=recorded.stream)
    if isinstance(event, ComplaintReceived):
        row.client, row.subject, row.channel = event.client, event.subject, event.channel
        row.received, row.text, row.stage = event.received, event.text, Stage.RECEIVED
        row.acknowledge_by, row.answer_by = due_dates(event.received)
    elif isinstance(event, ComplaintAcknowledged):
        row.stage, row.acknowledged_at = Stage.ACKNOWLEDGED, recorded.effective_at
    elif isinstance(event, ComplaintAnswered):
        row.stage, row.answered_at = Stage.ANSWERED, recorded.effective_at
        row.outcome, row.answer = event.outcome, event.text
    else:
        row.stage, row.closed_at = Stage.CLOSED, recorded.effective_at
    return row
