"""The first transfer, and the approval by two people that makes an applicant a client or amends one."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from brokerage.access import queries as access
from brokerage.access.commands import end_links
from brokerage.access.rules import Perm
from brokerage.ledger import queries as ledger
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.registry import Recorded
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events import AuthorityGranted
from ..events.application import ApplicationApproved, ApplicationSubmitted, FirstTransferReceived
from ..events.standing import (
    AccountDesignated,
    CreditAssessed,
    InvestorClassified,
    KnowledgeAssessed,
    MandateSet,
)
from ..models import Application
from ..queries.holds import authorities_of
from ..queries.standing_authorities import is_named
from ..rules.amendment import LEFT, check_not_overtaken, is_another
from ..rules.application import Facts, PartyRole, Stage, StepMissing
from ..rules.authority import CAPACITY, Capacity
from ..rules.classification import Investor
from ..rules.documents import DocumentKind
from ..rules.mandate import check_instructed
from ..rules.stages import check_step
from ..rules.standing_authorities import End, check_fresh
from ..rules.status import Act, ClientStatus, ClientType, check_may, checked_reference, client_id
from ..rules.terms import terms
from ..rules.transfers import HONG_KONG_CURRENCY, BankAccount, check_first_transfer
from .application import locked, sealed_as
from .authority import end_step
from .labels import label
from .standing_authorities import end_all
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
def approve_application(
    entry: Entry, *, application: UUID, reference: str = "", papers: Sequence[UUID] = ()
) -> UUID:
    """Make the applicant a client, or a client what its amendment says; returns its id. Two people.

    A new client gets a `reference` of the firm's own; an amended one keeps its own, and takes `papers` signed
    by as many as it takes beside the applicant (CLI-13, `rules.amendment.amenders`). Raises
    UnknownApplication, ApplicationClosed, StepMissing (CLI-1 to CLI-5, CLI-10: whatever is not done),
    CannotAct for somebody dead or insolvent, BadReference, ReferenceTaken or SecondPersonNeeded; of an
    amendment NotActive, Overtaken, UnknownDocument, PaperUsed or MandateNotMet.
    """
    amended = queries.application(application).amends
    client = amended or client_id(checked_reference(reference))
    entry.lock(application, client, *queries.people_of(application))
    found = queries.application(application)
    facts = queries.facts(found)
    check_step(Stage.APPROVAL, facts)
    check_not_overtaken(facts)
    _check_unchanged(entry, found)
    for person in sorted(facts.of(*LIVING)):
        queries.able(person)
    if amended:
        _check_amendment(found, client, papers)
    else:
        investor = facts.investor or Investor.RETAIL
        form, classification = ClientType(found.form), investor.classification
        open_step(entry, client, reference=reference, type=form, classification=classification)
    entry.second_person(Perm.APPROVE_CLIENTS, application=application)
    _carry_over(entry, found, facts, client)
    _hand_over(entry, facts, client)
    documents = tuple(papers) if amended else ()
    entry.record(application, ApplicationApproved(client=client, documents=documents))
    end_links(entry, facts.people)  # the firm knows them now, and invites them itself
    label(client, (queries.person(each).version for each in sorted(facts.owners)))
    return client


def _check_amendment(found: Application, client: UUID, papers: Sequence[UUID]) -> None:
    """CLI-13: pass if the locked client may change, and as many want it to as its mandate asks."""
    check_may(ClientStatus(queries.client(client).status), Act.AMEND)
    amenders = queries.amenders(client)
    seen = [queries.paper(each, amenders.people, DocumentKind.SIGNATURE) for each in papers]
    begun = hong_kong_date(found.started_at)
    for each in seen:
        check_fresh(named=is_named(each), stored=hong_kong_date(each.stored_at), since=begun)
    check_instructed(amenders, [*_handed_in_by(found), *(each.person for each in seen)])


def _handed_in_by(found: Application) -> list[UUID]:
    """The applicant, if he handed it in himself: whoever else did has said nothing for him."""
    return [found.applicant] if ledger.maker_of(_submission(found).entry) == found.applicant else []


def _submission(found: Application) -> Recorded:
    """When an application that was handed in was last."""
    handed = [each for each in ledger.events(found.id) if isinstance(each.event, ApplicationSubmitted)]
    return handed[-1]


def _check_unchanged(entry: Entry, found: Application) -> None:
    """Pass unless it was handed in again after its approval was proposed; raises StepMissing."""
    if access.is_since(_submission(found), entry.context.proposal):
        raise StepMissing("It was handed in again since its approval was proposed; propose it anew.")


def _carry_over(entry: Entry, found: Application, facts: Facts, client: UUID) -> None:
    """Record on the client's stream what is new of it: how it was judged, its mandate, its bank account."""
    newest = {type(each.event): each.event for each in ledger.events(found.id)}
    for kind in JUDGED if is_another(facts) else ():
        entry.record(client, newest[kind])
    if found.amends is None or found.signatures != queries.standing(client).signatures:
        entry.record(client, MandateSet(signatures=found.signatures))
    if found.transfer is not None and vault.sealed(found.transfer).person in facts.owners:
        entry.record(client, AccountDesignated(account=found.transfer))


def _hand_over(entry: Entry, facts: Facts, client: UUID) -> None:
    """End what those do for the client who sign no more, and let those act who join.

    What the client let the firm do ends where it is somebody else from now on.
    """
    standing = [each for each in authorities_of(client) if each[1] is not Capacity.ATTORNEY]
    wanted = [(each.person, CAPACITY[each.role]) for each in facts.parties if each.role in CAPACITY]
    another = _becomes_another(facts, client)
    for person, capacity in standing:
        if (person, capacity) not in wanted:
            end_step(entry, client, person, capacity, LEFT)
    for person, capacity in wanted:
        if (person, capacity) not in standing:
            entry.record(client, AuthorityGranted(person=person, capacity=capacity))
    if another:
        end_all(entry, client, End.ANOTHER)


def _becomes_another(facts: Facts, client: UUID) -> bool:
    """Whether a client there is already will be somebody else: who is on record tells, as for its judgement,
    and of a client of an import who holds it.
    """
    if facts.before:
        return is_another(facts)
    held = queries.owners(client)
    return bool(held) and held != facts.owners
