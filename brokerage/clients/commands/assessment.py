"""How the firm judges an applicant: identity, capacity, knowledge, credit. Each outcome on the stream."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from brokerage.ledger.amounts import ZERO
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.application import PersonIdentified
from ..events.standing import CreditAssessed, InvestorClassified, KnowledgeAssessed
from ..models import Application
from ..rules.application import Facts, Stage, StepMissing, UnknownParty
from ..rules.classification import (
    Investor,
    check_evidence,
    check_investor,
    review_due,
    shown_by,
    suitability,
)
from ..rules.credit import Credit, Ground, assess_credit
from ..rules.documents import DocumentKind
from ..rules.finances import Finances
from ..rules.knowledge import Knowledge, assess
from ..rules.mandate import Mandate
from ..rules.stages import check_step
from ..rules.status import ClientType
from ..rules.terms import Terms, terms
from .application import locked


def _reached(entry: Entry, application: UUID, stage: Stage) -> tuple[Application, Facts, Terms, date]:
    """The locked application at a step that everything before allows, today's terms, and today."""
    found = locked(entry, application)
    facts = queries.facts(found)
    check_step(stage, facts)
    today = hong_kong_date(entry.effective_at)
    return found, facts, terms(today), today


@command("clients.identify-person")
def identify_person(entry: Entry, *, application: UUID, person: UUID, document: UUID) -> None:
    """Say that a paper proves the person's details as they are now (CLI-6: before the client is taken on).

    Raises UnknownApplication, StepMissing, UnknownParty, UnknownDocument, PersonErased.
    """
    _, facts, _, _ = _reached(entry, application, Stage.IDENTITY)
    if person not in facts.people:
        raise UnknownParty("This person has no part in the application.", person=person)
    version = queries.proved(person, document).version
    entry.record(application, PersonIdentified(person=person, version=version, document=document))


@command("clients.classify-applicant")
def classify_applicant(
    entry: Entry,
    *,
    application: UUID,
    investor: Investor,
    evidence: UUID | None = None,
    evidence_dated: date | None = None,
    assessed: bool = False,
    consents: Sequence[UUID] = (),
    waive: bool = False,
) -> date:
    """Decide as what the applicant is treated (CLI-1, CLI-2); returns the day its review is due.

    `evidence` is a paper of a holder or the entity itself and of the kind that `shown_by` names,
    `evidence_dated` the date that staff saw on it; `waive` gives up suitability, `consents` are papers signed
    by as many as sign together (CLI-13). Knowledge and credit are assessed anew after it. Raises
    UnknownApplication, StepMissing, StepNotNeeded, WrongInvestor, EvidenceMissing, BelowThreshold,
    ConsentMissing, MandateNotMet or UnknownDocument.
    """
    found, facts, figures, today = _reached(entry, application, Stage.CLASSIFICATION)
    finances = _finances(found, facts)
    if evidence:
        queries.paper(evidence, facts.owners, shown_by(investor))
    if consents:
        queries.agreed_on_paper(consents, Mandate(signatures=facts.signatures, people=facts.signers))
    form = ClientType(found.form)
    dated = evidence_dated if evidence else None
    check_investor(investor, form, finances, today=today, terms=figures, evidence_dated=dated)
    due = review_due(today, figures)
    classified = InvestorClassified(
        investor=investor,
        assessment=found.finances or found.id,
        evidence=evidence,
        evidence_dated=dated,
        review_due=due,
        suitability=suitability(investor, assessed=assessed, consented=bool(consents), waive=waive),
        terms=figures.since,
        consents=tuple(consents),
    )
    entry.record(application, classified)
    return due


@command("clients.assess-knowledge")
def assess_knowledge(entry: Entry, *, application: UUID) -> bool:
    """Judge the recorded answers (CLI-3, PERP-8); returns whether virtual assets may be offered.

    Raises UnknownApplication, StepMissing, or NoAnswers unless the client is exempt.
    """
    found, facts, figures, _ = _reached(entry, application, Stage.KNOWLEDGE)
    answers = found.answers if facts.answers else None
    judged = queries.standing(application)
    outcome: Knowledge = assess(
        vault.known(answers) if answers else None,
        Investor(judged.investor),
        suitability=judged.suitability,
        terms=figures,
    )
    entry.record(
        application,
        KnowledgeAssessed(
            answers=answers,
            virtual_assets=outcome.virtual_assets,
            derivatives=outcome.derivatives,
            terms=figures.since,
        ),
    )
    return bool(outcome.virtual_assets)


@command("clients.assess-credit")
def assess_applicant_credit(
    entry: Entry,
    *,
    application: UUID,
    requested: Decimal,
    grounds: Sequence[Ground] = (),
    evidence: UUID | None = None,
    evidence_dated: date | None = None,
) -> Decimal:
    """Propose a limit on the stressed net worth (VAF-7) and bound virtual assets (CLI-4); returns the limit.

    In Hong Kong dollars. A limit above zero rests on `evidence`, a holder's or the entity's paper about its
    assets, with the date that staff saw on it. Raises UnknownApplication, StepMissing, BadLimit, BadAmount,
    GroundMissing, EvidenceMissing or UnknownDocument.
    """
    found, facts, figures, today = _reached(entry, application, Stage.CREDIT)
    outcome: Credit = assess_credit(
        _finances(found, facts),
        facts.investor or Investor.RETAIL,
        requested=requested,
        present=_present_limit(found),
        grounds=grounds,
        terms=figures,
    )
    if evidence:
        queries.paper(evidence, facts.owners, DocumentKind.ASSETS)
    if outcome.limit > ZERO:
        check_evidence(evidence_dated if evidence else None, today, figures)
    entry.record(
        application,
        CreditAssessed(
            assessment=found.finances or found.id,
            limit=outcome.limit,
            va_exposure=outcome.va_exposure,
            grounds=tuple(grounds),
            terms=figures.since,
        ),
    )
    return outcome.limit


def _present_limit(found: Application) -> Decimal:
    """The limit of the client that is amended, in Hong Kong dollars; a new client has none yet."""
    return (queries.assessed_limit(found.amends) if found.amends else None) or ZERO


def _finances(found: Application, facts: Facts) -> Finances:
    """What who will be the client declared; raises StepMissing."""
    if found.finances is None or not facts.finances:
        raise StepMissing("The applicant has not said what there is to judge.")
    finances: Finances = vault.known(found.finances)
    return finances
