"""People and their papers, folded from events."""

from collections.abc import Sequence
from uuid import UUID

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events.holds import DeathReported, InsolvencyReported, ReportWithdrawn
from ..events.person import DocumentStored, PersonErased, PersonHeld, PersonRecorded, PersonReleased
from ..models import Document, Person
from ..models.person import unrecorded
from ..rules.holds import Befell

REPORTED = (DeathReported, InsolvencyReported, ReportWithdrawn)
BEFELL = (PersonRecorded, PersonHeld, PersonReleased, *REPORTED, PersonErased)


@projection(models=(Person,), events=BEFELL)
def persons(events: Sequence[Recorded]) -> None:
    """One row a person, under its current version."""
    fold(Person, events, _person, key=lambda recorded: recorded.stream)


def _person(row: Person | None, recorded: Recorded) -> Person:
    event = recorded.event
    if row is None:
        row = unrecorded(recorded.stream, recorded.effective_at)
    match event:
        case PersonRecorded():
            row.kind, row.version, row.digest = event.kind, event.version, event.digest
        case PersonHeld():
            row.holds = [*row.holds, event.reason]
        case PersonReleased():
            row.holds = [each for each in row.holds if event.hold not in (each, None)]
        case DeathReported():
            row.died_at = recorded.effective_at
        case InsolvencyReported():
            row.insolvent_at = recorded.effective_at
        case ReportWithdrawn(what=Befell.DEATH):
            row.died_at = None
        case ReportWithdrawn():
            row.insolvent_at = None
        case PersonErased():
            row.erased_at = recorded.effective_at
    return row


@projection(models=(Document,), events=(DocumentStored,))
def documents(events: Sequence[Recorded]) -> None:
    """One row a document."""
    fold(Document, events, _document, key=_document_of)


def _document_of(recorded: Recorded) -> UUID:
    document: UUID = recorded.event.document
    return document


def _document(row: Document | None, recorded: Recorded) -> Document:
    event = recorded.event
    return Document(
        id=event.document,
        person=recorded.stream,
        kind=event.kind,
        media=event.media,
        size=event.size,
        digest=event.digest,
        stored_at=recorded.effective_at,
    )
