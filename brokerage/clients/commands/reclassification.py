"""A client is looked at again: what it is treated as, what it knows and what it may owe from now on."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.amounts import ZERO
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.standing import CreditAssessed, InvestorClassified, KnowledgeAssessed
from ..rules.classification import (
    EvidenceMissing,
    Investor,
    check_evidence,
    check_investor,
    review_due,
    shown_by,
    suitability,
)
from ..rules.credit import Ground, assess_credit
from ..rules.documents import DocumentKind
from ..rules.finances import Finances
from ..rules.knowledge import Answers, assess
from ..rules.status import ClientType
from ..rules.terms import terms
from .application import sealed_as


@command("clients.reclassify")
def reclassify(
    entry: Entry,
    *,
    client: UUID,
    investor: Investor,
    finances: UUID | None = None,
    evidence: UUID | None = None,
    evidence_dated: date | None = None,
    assessed: bool = False,
    consents: Sequence[UUID] = (),
    waive: bool = False,
) -> date:
    """Decide as what a client is treated from now on; returns the day its next review is due. Two people.

    This is the yearly review of a professional, too. `finances` is a vault record of what the client has,
    `evidence` the paper of the kind that `shown_by` names and `evidence_dated` the date seen on that; retail
    needs none of them. `waive` gives up suitability, `consents` are papers signed by as many as the mandate
    asks (CLI-13). Raises UnknownClient, WrongInvestor, EvidenceMissing, BelowThreshold, ConsentMissing,
    MandateNotMet, UnknownDocument, UnknownRecord, BadFinances or SecondPersonNeeded.
    """
    entry.lock(client)
    form = ClientType(queries.client(client).type)
    today = hong_kong_date(entry.effective_at)
    figures = terms(today)
    if evidence:
        queries.paper(evidence, queries.owners(client), shown_by(investor))
    if consents:
        queries.agreed_on_paper(consents, queries.mandate(client))
    dated = evidence_dated if evidence else None
    if investor is not Investor.RETAIL:
        shown = _finances(client, finances, today)
        check_investor(investor, form, shown, today=today, terms=figures, evidence_dated=dated)
    protected = suitability(investor, assessed=assessed, consented=bool(consents), waive=waive)
    due = review_due(today, figures)
    entry.second_person(Perm.APPROVE_CLIENTS, client=client)
    classified = InvestorClassified(
        investor=investor,
        assessment=finances or client,
        evidence=evidence,
        evidence_dated=dated,
        review_due=due,
        suitability=protected,
        terms=figures.since,
        consents=tuple(consents),
    )
    entry.record(client, classified)
    return due


@command("clients.reassess")
def reassess(
    entry: Entry,
    *,
    client: UUID,
    finances: UUID,
    evidence: UUID,
    evidence_dated: date,
    requested: Decimal,
    grounds: Sequence[Ground] = (),
    answers: UUID | None = None,
) -> Decimal:
    """Judge a client's credit again (VAF-7, CLI-4), and its knowledge if it was asked anew; two people.

    `finances` and `answers` are vault records of a holder or the entity itself, `evidence` the paper that
    shows the figures and `evidence_dated` the date seen on that; `requested` is the limit asked for in Hong
    Kong dollars. Returns the limit. Raises UnknownClient, UnknownRecord, UnknownDocument, EvidenceMissing,
    BadFinances, BadLimit, BadAmount, GroundMissing or SecondPersonNeeded.
    """
    entry.lock(client)
    queries.client(client)
    today = hong_kong_date(entry.effective_at)
    figures, judged = terms(today), queries.standing(client)
    queries.paper(evidence, queries.owners(client), DocumentKind.ASSETS)
    check_evidence(evidence_dated, today, figures)
    investor = queries.investor(client, today)
    credit = assess_credit(
        _finances(client, finances, today),
        investor,
        requested=requested,
        present=judged.credit_limit or ZERO,
        grounds=grounds,
        terms=figures,
    )
    known = _answers(client, answers)
    entry.second_person(Perm.APPROVE_LIMITS, client=client)
    if known is not None:
        outcome = assess(known, investor, suitability=judged.suitability, terms=figures)
        knowledge = KnowledgeAssessed(
            answers=answers,
            virtual_assets=outcome.virtual_assets,
            derivatives=outcome.derivatives,
            terms=figures.since,
        )
        entry.record(client, knowledge)
    assessed = CreditAssessed(
        assessment=finances,
        limit=credit.limit,
        va_exposure=credit.va_exposure,
        grounds=tuple(grounds),
        terms=figures.since,
    )
    entry.record(client, assessed)
    return credit.limit


def _finances(client: UUID, record: UUID | None, today: date) -> Finances:
    """What the client declared of itself; raises EvidenceMissing, UnknownRecord or BadFinances."""
    if record is None:
        raise EvidenceMissing("Say what the client has.", client=client)
    found: Finances = _said(client, record, vault.Kind.FINANCES)
    return found.checked(today)


def _answers(client: UUID, record: UUID | None) -> Answers | None:
    """What the client answered, if it was asked; raises UnknownRecord or BadAnswers."""
    if record is None:
        return None
    found: Answers = _said(client, record, vault.Kind.ANSWERS)
    return found.checked()


def _said(client: UUID, record: UUID, kind: vault.Kind) -> Any:
    """What a record of this kind says, if it is the client's own; raises UnknownRecord."""
    return vault.known(sealed_as(record, kind, of=queries.owners(client)).id)
