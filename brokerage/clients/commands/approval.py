"""The first transfer, and the approval by two people that makes an applicant a client."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger import queries as ledger
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events import AuthorityGranted
from ..events.application import ApplicationApproved, FirstTransferReceived
from ..events.standing import (
    AccountDesignated,
    CreditAssessed,
    InvestorClassified,
    KnowledgeAssessed,
    MandateSet,
)
from ..models import Application
from ..rules.application import PartyRole, Stage
from ..rules.authority import CAPACITY
from ..rules.classification import Investor
from ..rules.documents import DocumentKind
from ..rules.stages import check_step
from ..rules.status import ClientType, checked_reference, client_id
from ..rules.terms import terms
from ..rules.transfers import HONG_KONG_CURRENCY, BankAccount, check_first_transfer
from .application import locked, sealed_as
from .labels import label
from .status import open_step

LIVING = frozenset(PartyRole) - {PartyRole.SETTLOR}
"""Whose death or insolvency stands in the way; a trust outlives whoever founded it."""
JUDGED = (InvestorClassified, KnowledgeAssessed, CreditAssessed)


@command("clients.record-first-transfer")
def record_first_transfer(
    entry: Entry,
    *,
    application: UUID,
    account: UUID,
    amount: Decimal,
    received_on: date,
    document: UUID,
    own: bool,
) -> None:
    """Record the first money from the client's own Hong Kong bank account (CLI-5), which is then designated.

    `account` is a vault record of a holder or the entity itself, `amount` in Hong Kong dollars, `document`
    the bank's advice; `own` says that the holder's name was compared. Raises UnknownApplication, StepMissing,
    TransferForeign, TransferAhead, TransferTooSmall, BadAmount, UnknownRecord or UnknownDocument.
    """
    found = locked(entry, application)
    facts = queries.facts(found)
    check_step(Stage.FIRST_TRANSFER, facts)
    sealed = sealed_as(account, vault.Kind.BANK, of=facts.owners)
    bank: BankAccount = vault.known(account)
    today = hong_kong_date(entry.effective_at)
    check_first_transfer(amount, bank, own=own, received_on=received_on, today=today, terms=terms(today))
    queries.paper(document, facts.owners, DocumentKind.TRANSFER)
    received = FirstTransferReceived(
        account=account,
        digest=sealed.digest,
        document=document,
        received_on=received_on,
        amount=amount,
        currency=HONG_KONG_CURRENCY,
    )
    entry.record(application, received)


@command("clients.approve-application")
def approve_application(entry: Entry, *, application: UUID, reference: str) -> UUID:
    """Make the applicant a client under a reference of the firm's own; returns the client's id. Two people.

    Raises UnknownApplication, ApplicationClosed, StepMissing (CLI-1 to CLI-5, CLI-10: whatever is not
    done), CannotAct for somebody dead or insolvent, BadReference, ReferenceTaken or SecondPersonNeeded.
    """
    client = client_id(checked_reference(reference))
    entry.lock(application, client, *queries.people_of(application))
    found = queries.application(application)
    facts = queries.facts(found)
    check_step(Stage.APPROVAL, facts)
    for person in sorted(facts.of(*LIVING)):
        queries.able(person)
    form = ClientType(found.form)
    investor = facts.investor or Investor.RETAIL
    open_step(entry, client, reference=reference, type=form, classification=investor.classification)
    entry.second_person(Perm.APPROVE_CLIENTS, application=application)
    _carry_over(entry, found, client)
    for party in facts.parties:
        if party.role in CAPACITY:
            granted = AuthorityGranted(person=party.person, capacity=CAPACITY[party.role])
            entry.record(client, granted)
    entry.record(application, ApplicationApproved(client=client))
    label(client, (queries.person(each).version for each in sorted(facts.owners)))
    return client


def _carry_over(entry: Entry, found: Application, client: UUID) -> None:
    """Record on the client's stream how the firm judged the applicant, the mandate and the bank account."""
    newest = {type(each.event): each.event for each in ledger.events(found.id)}
    for kind in JUDGED:
        entry.record(client, newest[kind])
    entry.record(client, MandateSet(signatures=found.signatures))
    entry.record(client, AccountDesignated(account=newest[FirstTransferReceived].account))
