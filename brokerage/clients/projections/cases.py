"""Alerts, cases and notes, folded from restricted events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events.cases import (
    AlertDismissed,
    AlertJoined,
    AlertRaised,
    CaseClosed,
    CaseNoted,
    CaseOpened,
    CaseReported,
    ClosureProposed,
)
from ..models.cases import Alert, Case, CaseNote
from ..rules.cases import AlertState, CaseState


@projection(models=(Alert,), events=(AlertRaised, AlertDismissed, AlertJoined))
def alerts(events: Sequence[Recorded]) -> None:
    """One row an alert."""
    fold(Alert, events, _alert, key=lambda recorded: recorded.stream)


def _alert(row: Alert | None, recorded: Recorded) -> Alert:
    event = recorded.event
    if isinstance(event, AlertRaised) or row is None:
        return Alert(
            id=recorded.stream,
            client=event.client,
            ground=event.ground,
            state=AlertState.OPEN,
            text=event.text,
            raised_at=recorded.effective_at,
        )
    if isinstance(event, AlertJoined):
        row.state, row.case = AlertState.JOINED, event.case
    else:
        row.state, row.dismissed_at = AlertState.DISMISSED, recorded.effective_at
    return row


@projection(models=(Case,), events=(CaseOpened, CaseReported, ClosureProposed, CaseClosed))
def cases(events: Sequence[Recorded]) -> None:
    """One row a case."""
    fold(Case, events, _case, key=lambda recorded: recorded.stream)


def _case(row: Case | None, recorded: Recorded) -> Case:
    event = recorded.event
    row = row or Case(id=recorded.stream, opened_at=recorded.effective_at)
    if isinstance(event, CaseOpened):
        row.client, row.state = event.client, CaseState.OPEN
    elif isinstance(event, CaseReported):
        row.state, row.report_number, row.filed = CaseState.REPORTED, event.number, event.filed
    elif isinstance(event, ClosureProposed):
        row.closure_reason, row.closure_by = event.reason, event.by
    else:
        row.state, row.closure_reason = CaseState.CLOSED, event.reason
        row.closed_at = recorded.effective_at
    return row


@projection(models=(CaseNote,), events=(CaseNoted,))
def case_notes(events: Sequence[Recorded]) -> None:
    """One row a note."""
    fold(CaseNote, events, _note, key=lambda recorded: recorded.event.text)


def _note(row: CaseNote | None, recorded: Recorded) -> CaseNote:
    event = recorded.event
    return CaseNote(
        id=event.text,
        case=recorded.stream,
        media=event.media,
        digest=event.digest,
        added_at=recorded.effective_at,
    )
