"""Applications, parties, agreements and signatures, folded from events."""

from collections.abc import Sequence
from uuid import UUID

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events.application import (
    AgreementPublished,
    AgreementSigned,
    AnswersGiven,
    ApplicationApproved,
    ApplicationRefused,
    ApplicationReturned,
    ApplicationStarted,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    FinancesGiven,
    FirstTransferReceived,
    PartyNamed,
    PartyRemoved,
    PersonIdentified,
)
from ..models import Agreement, Application, Party, Signature
from ..rules.application import State, party_id, signature_id

STATES = {
    ApplicationSubmitted: State.SUBMITTED,
    ApplicationReturned: State.DRAFT,
    ApplicationApproved: State.APPROVED,
    ApplicationRefused: State.REFUSED,
    ApplicationWithdrawn: State.WITHDRAWN,
}
STEPS = (ApplicationStarted, FinancesGiven, AnswersGiven, PersonIdentified, FirstTransferReceived)


@projection(models=(Application,), events=(*STEPS, *STATES))
def applications(events: Sequence[Recorded]) -> None:
    """One row an application."""
    fold(Application, events, _application, key=lambda recorded: recorded.stream)


def _application(row: Application | None, recorded: Recorded) -> Application:
    event = recorded.event
    if row is None:
        return Application(
            id=recorded.stream,
            applicant=event.applicant,
            form=event.form,
            signatures=event.signatures,
            margin=event.margin,
            amends=event.client,
            state=State.DRAFT,
            started_at=recorded.effective_at,
            moved_at=recorded.effective_at,
        )
    row.moved_at = recorded.effective_at
    match event:
        case FinancesGiven():
            row.finances = event.record
        case AnswersGiven():
            row.answers = event.record
        case PersonIdentified():
            row.identified = row.identified | {str(event.person): str(event.version)}
        case FirstTransferReceived():
            row.transfer = event.account
            row.transfer_amount, row.transfer_currency = event.amount, event.currency
        case _:
            row.state = STATES[type(event)]
            row.reason = getattr(event, "reason", "")
            row.client = getattr(event, "client", None)
            if row.state == State.SUBMITTED:
                row.submitted_at = recorded.effective_at
            decided = row.state not in (State.DRAFT, State.SUBMITTED)
            row.decided_at = recorded.effective_at if decided else None
    return row


@projection(models=(Party,), events=(PartyNamed, PartyRemoved))
def parties(events: Sequence[Recorded]) -> None:
    """One row a person and role in an application."""
    fold(Party, events, _party, key=_party_of)


def _party_of(recorded: Recorded) -> UUID:
    return party_id(recorded.stream, recorded.event.person, recorded.event.role)


def _party(row: Party | None, recorded: Recorded) -> Party:
    event = recorded.event
    if isinstance(event, PartyRemoved) and row is not None:
        row.removed_at = recorded.effective_at
        return row
    return Party(
        id=_party_of(recorded),
        application=recorded.stream,
        person=event.person,
        role=event.role,
        control=event.control or "",
        named_at=recorded.effective_at,
    )


@projection(models=(Agreement,), events=(AgreementPublished,))
def agreements(events: Sequence[Recorded]) -> None:
    """One row a version."""
    fold(Agreement, events, _agreement, key=_agreement_of)


def _agreement_of(recorded: Recorded) -> UUID:
    agreement: UUID = recorded.event.agreement
    return agreement


def _agreement(row: Agreement | None, recorded: Recorded) -> Agreement:
    event = recorded.event
    return Agreement(
        id=event.agreement,
        kind=event.kind,
        version=event.version,
        digest=event.digest,
        published_at=recorded.effective_at,
    )


@projection(models=(Signature,), events=(AgreementSigned,))
def signatures(events: Sequence[Recorded]) -> None:
    """One row a person and version."""
    fold(Signature, events, _signature, key=_signature_of)


def _signature_of(recorded: Recorded) -> UUID:
    return signature_id(recorded.stream, recorded.event.person, recorded.event.agreement)


def _signature(row: Signature | None, recorded: Recorded) -> Signature:
    event = recorded.event
    return Signature(
        id=_signature_of(recorded),
        stream=recorded.stream,
        person=event.person,
        agreement=event.agreement,
        digest=event.digest,
        signed_at=recorded.effective_at,
    )
