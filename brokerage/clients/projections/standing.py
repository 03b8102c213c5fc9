"""How the firm judged applicants and clients, and what people certified for tax, folded from events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events.application import AnswersGiven, ApplicationReturned, FinancesGiven
from ..events.person import PersonRecorded
from ..events.standing import (
    AccountDesignated,
    CreditAssessed,
    InvestorClassified,
    KnowledgeAssessed,
    MandateSet,
    TaxCertified,
    TaxCircumstancesChanged,
)
from ..models import Standing, TaxStatus
from ..rules.application import Stage

JUDGED = (InvestorClassified, KnowledgeAssessed, CreditAssessed, MandateSet, AccountDesignated)
TOLD = (FinancesGiven, AnswersGiven, ApplicationReturned)
"""What a judgement falls by: the facts it rests upon are given anew."""


@projection(models=(Standing,), events=(*JUDGED, *TOLD))
def standings(events: Sequence[Recorded]) -> None:
    """One row an application or client."""
    fold(Standing, events, evolved_standing, key=lambda recorded: recorded.stream)


def evolved_standing(row: Standing | None, recorded: Recorded) -> Standing:
    """The judgement after the event."""
    row = row or Standing(id=recorded.stream)
    event = recorded.event
    match event:
        case InvestorClassified():
            row.investor, row.assessment = event.investor, event.assessment
            row.evidence_dated, row.review_due = event.evidence_dated, event.review_due
            row.suitability = event.suitability
            row.assessed = []  # both rest on the classification, and are made anew
        case KnowledgeAssessed():
            row.va_knowledge = list(event.virtual_assets)
            row.derivatives_knowledge = list(event.derivatives)
            row.assessed = sorted({*row.assessed, Stage.KNOWLEDGE})
        case CreditAssessed():
            row.credit_limit, row.va_exposure = event.limit, event.va_exposure
            row.assessed = sorted({*row.assessed, Stage.CREDIT})
        case MandateSet():
            row.signatures = event.signatures
        case AccountDesignated():
            row.account = event.account
        case AnswersGiven():
            _forget_knowledge(row)
        case FinancesGiven() | ApplicationReturned():  # what is handed in again may name other people, too
            _forget_classification(row)
    return row


def _forget_classification(row: Standing) -> None:
    row.investor, row.assessment = "", None
    row.evidence_dated = row.review_due = None
    row.suitability = True
    row.credit_limit = row.va_exposure = None
    _forget_knowledge(row)
    row.assessed = []


def _forget_knowledge(row: Standing) -> None:
    row.va_knowledge, row.derivatives_knowledge = [], []
    row.assessed = [each for each in row.assessed if each != Stage.KNOWLEDGE]


@projection(models=(TaxStatus,), events=(TaxCertified, TaxCircumstancesChanged, PersonRecorded))
def tax_statuses(events: Sequence[Recorded]) -> None:
    """One row a person."""
    fold(TaxStatus, events, _tax_status, key=lambda recorded: recorded.stream)


def _tax_status(row: TaxStatus | None, recorded: Recorded) -> TaxStatus:
    event = recorded.event
    if not isinstance(event, TaxCertified):
        row = row or TaxStatus(id=recorded.stream)
        asked = isinstance(event, TaxCircumstancesChanged)
        if asked or (row.record is not None and event.version != row.version):
            row.changed_at = row.changed_at or recorded.effective_at
        return row
    return TaxStatus(
        id=recorded.stream,
        record=event.record,
        version=event.version,
        entity=event.entity or "",
        signed_on=event.signed_on,
        certified_at=recorded.effective_at,
    )
