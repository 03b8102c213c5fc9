"""A client is looked at again: what it is treated as from now on, on dated evidence (CLI-1, CLI-2)."""

from datetime import date
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.commands import Entry, command
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.standing import InvestorClassified
from ..rules.classification import EvidenceMissing, Investor, check_investor, review_due, suitability
from ..rules.documents import DocumentKind, UnknownDocument
from ..rules.finances import Finances
from ..rules.person import UnknownRecord
from ..rules.status import ClientType
from ..rules.terms import terms


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
    consent: UUID | None = None,
    waive: bool = False,
) -> date:
    """Decide as what a client is treated from now on; returns the day its next review is due. Two people.

    This is the yearly review of a professional, too. `finances` is a vault record of what the client has,
    `evidence` the paper that shows it and `evidence_dated` the date seen on that; retail needs none of them.
    `waive` gives up suitability. Raises UnknownClient, WrongInvestor, EvidenceMissing, BelowThreshold,
    ConsentMissing, UnknownDocument, UnknownRecord, BadFinances or SecondPersonNeeded.
    """
    entry.lock(client)
    form = ClientType(queries.client(client).type)
    today = hong_kong_date(entry.effective_at)
    figures = terms(today)
    _check_paper(client, evidence, DocumentKind.ASSETS, DocumentKind.AUTHORITY)
    _check_paper(client, consent, DocumentKind.SIGNATURE)
    dated = evidence_dated if evidence else None
    if investor is not Investor.RETAIL:
        shown = _finances(client, finances, today)
        check_investor(investor, form, shown, today=today, terms=figures, evidence_dated=dated)
    protected = suitability(investor, assessed=assessed, consented=consent is not None, waive=waive)
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
    )
    entry.record(client, classified)
    return due


def _finances(client: UUID, record: UUID | None, today: date) -> Finances:
    """What the client's people declared; raises EvidenceMissing, UnknownRecord or BadFinances."""
    if record is None:
        raise EvidenceMissing("Say what the client has.", client=client)
    sealed = vault.sealed(record)
    if sealed.kind is not vault.Kind.FINANCES or sealed.person not in queries.people_behind(client):
        raise UnknownRecord("This record says nothing of what this client has.", record=record)
    found: Finances = vault.known(record)
    return found.checked(today)


def _check_paper(client: UUID, document: UUID | None, *kinds: DocumentKind) -> None:
    """Pass if the paper is of one of these kinds and speaks of the client; raises UnknownDocument."""
    if document is None:
        return
    paper = queries.document(document)
    if paper.person not in queries.people_behind(client) or paper.kind not in kinds:
        raise UnknownDocument("Choose a paper of this client and of the right kind.", document=document)
