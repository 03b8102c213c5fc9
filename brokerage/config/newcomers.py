"""Takes an applicant through every step, as the demonstration and the tests need it: through the commands."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from brokerage.clients import commands, queries, vault
from brokerage.clients.commands.screening import screen
from brokerage.clients.rules.agreements import AgreementKind, Circumstances, text_digest
from brokerage.clients.rules.application import Control, PartyRole, Stage
from brokerage.clients.rules.classification import Investor, shown_by
from brokerage.clients.rules.credit import Ground
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.finances import Finances
from brokerage.clients.rules.knowledge import Answers, Experience
from brokerage.clients.rules.person import Entity, Individual
from brokerage.clients.rules.stages import to_certify
from brokerage.clients.rules.status import ClientType
from brokerage.clients.rules.tax import Certificate, EntityKind, NoNumber, Residence
from brokerage.clients.rules.transfers import BankAccount
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import Context
from brokerage.market.rules.calendars import hong_kong_date

PAPER = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
"""A document that says nothing, for people who do not exist."""
BANK = BankAccount(bank="Demo Bank", holder="The applicant", number="012-1", country="HK")
KNOWS = Answers(virtual_assets=Experience(trades=12), derivatives=Experience(training=True), risks_read=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody in an application: details, roles, and what the tax certificate says."""

    details: Individual | Entity
    roles: tuple[PartyRole, ...]
    id: UUID = field(default_factory=seams.new_id)
    control: Control | None = None
    residences: tuple[Residence, ...] = ()
    entity: EntityKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """An applicant as a whole, and how the firm will judge it."""

    form: ClientType
    people: tuple[Named, ...]
    finances: Finances
    signatures: int = 1
    margin: bool = True
    answers: Answers = KNOWS
    investor: Investor = Investor.RETAIL
    requested: Decimal = Decimal(0)
    bank: BankAccount = BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who gives the commands: `alone` makes a context of one person, `two` of a maker and a checker."""

    alone: Callable[[], Context]
    two: Callable[[], Context]


def publish(desk: Desk) -> None:
    """Put a text of each agreement in force, where none is."""
    known = queries.agreements_in_force()
    for kind in AgreementKind:
        if kind not in known:
            text = f"{kind.replace('-', ' ').capitalize()}\n\nA text for demonstration."
            put = commands.publish_agreement.within
            put(commands.keeping_text(text), desk.two(), kind=kind, digest=text_digest(text))


def apply(desk: Desk, newcomer: Newcomer, *, applicant: UUID | None = None) -> UUID:
    """Everything the applicant does up to handing in; returns the application's id.

    The first person named applies, unless somebody else does for all of them.
    """
    application = commands.start_application(
        desk.alone(),
        applicant=applicant or newcomer.people[0].id,
        form=newcomer.form,
        signatures=newcomer.signatures,
        margin=newcomer.margin,
    ).value
    for each in newcomer.people:
        name(desk, application, each)
    subject = newcomer.people[0].id
    finances = vault.put(subject, vault.Kind.FINANCES, newcomer.finances)
    commands.give_finances(desk.alone(), application=application, record=finances.id)
    answers = vault.put(subject, vault.Kind.ANSWERS, newcomer.answers)
    commands.give_answers(desk.alone(), application=application, record=answers.id)
    if newcomer.form is ClientType.JOINT:  # each holder signs before it is handed in
        sign(desk, application, newcomer)
        certify(desk, application, newcomer)
    commands.submit_application(desk.alone(), application=application)
    return application


def name(desk: Desk, application: UUID, each: Named) -> None:
    """Record one person with the paper that proves the details, and give the roles."""
    is_entity = isinstance(each.details, Entity)
    kind = vault.Kind.ENTITY if is_entity else vault.Kind.INDIVIDUAL
    commands.record_person(desk.alone(), version=vault.put(each.id, kind, each.details).id)
    paper(desk, each.id, DocumentKind.CONSTITUTION if is_entity else DocumentKind.IDENTITY)
    for role in each.roles:
        control = each.control if role is PartyRole.CONTROLLER else None
        commands.name_party(desk.alone(), application=application, person=each.id, role=role, control=control)


def paper(desk: Desk, person: UUID, kind: DocumentKind) -> UUID:
    """Store a document of a person; returns its id."""
    document = vault.put(person, vault.Kind.DOCUMENT, PAPER).id
    return commands.store_document(desk.alone(), document=document, kind=kind).value


def identify(desk: Desk, application: UUID, newcomer: Newcomer) -> None:
    """Staff compare everybody with a paper."""
    for person in queries.people_of(application):
        document = queries.documents(person)[0].id
        commands.identify_person(desk.alone(), application=application, person=person, document=document)


def look_up(desk: Desk, application: UUID, newcomer: Newcomer) -> None:
    """Compare everybody with the screening list in force."""
    for person in queries.people_of(application):
        with suppress(NothingToDo):
            screen(desk.alone(), person=person)


def classify(desk: Desk, application: UUID, newcomer: Newcomer) -> None:
    """Decide as what the applicant is treated, on a paper where one is asked for."""
    evidence = None
    if newcomer.investor is not Investor.RETAIL:
        evidence = paper(desk, newcomer.people[0].id, shown_by(newcomer.investor))
    commands.classify_applicant(
        desk.alone(),
        application=application,
        investor=newcomer.investor,
        evidence=evidence,
        evidence_dated=newcomer.finances.evidence_dated,
    )


def assess_knowledge(desk: Desk, application: UUID, newcomer: Newcomer) -> None:
    """Judge the answers."""
    commands.assess_knowledge(desk.alone(), application=application)


def assess_credit(desk: Desk, application: UUID, newcomer: Newcomer) -> None:
    """Propose a limit on a paper about the assets."""
    commands.assess_applicant_credit(
        desk.alone(),
        application=application,
        requested=newcomer.requested,
        grounds=(Ground.NET_WORTH,),
        evidence=paper(desk, newcomer.people[0].id, DocumentKind.ASSETS),
        evidence_dated=newcomer.finances.evidence_dated,
    )


def sign(desk: Desk, application: UUID, newcomer: Newcomer) -> None:
    """Everybody who signs for the client signs every agreement not signed yet."""
    for person in sorted(queries.facts(queries.application(application)).signers):
        sign_one(desk, application, person)


def sign_one(desk: Desk, application: UUID, person: UUID) -> None:
    """One person signs every agreement not signed yet, a second factor just shown."""
    seen = Circumstances(address="192.0.2.7", agent="Demonstration")
    signed = queries.facts(queries.application(application)).signed
    for kind, version in queries.agreements_in_force().items():
        if person in signed[kind]:
            continue
        context = desk.alone()
        commands.sign_agreement(
            context,
            application=application,
            person=person,
            agreement=version.id,
            digest=version.digest,
            circumstances=vault.put(person, vault.Kind.CIRCUMSTANCES, seen).id,
            confirmed_at=context.effective_at,
        )


def certify(desk: Desk, application: UUID, newcomer: Newcomer) -> None:
    """Everybody who must certifies tax residence."""
    named = {each.id: each for each in newcomer.people}
    for each in newcomer.people:
        if each.entity is not None:
            certify_one(desk, each)
    for person in sorted(to_certify(queries.facts(queries.application(application)))):
        if named[person].entity is None:
            certify_one(desk, named[person])


def certify_one(desk: Desk, each: Named) -> None:
    """One person certifies tax residence on a signed paper, at home unless said otherwise."""
    record = certificate(each, hong_kong_date(seams.now()))
    signed = paper(desk, each.id, DocumentKind.SIGNATURE)
    commands.certify_tax(desk.alone(), record=record, document=signed)


def certificate(each: Named, today: date) -> UUID:
    """A sealed self-certification of one person, signed today; returns the vault record."""
    home = Residence(country=each.details.address.country, missing=NoNumber.NOT_ISSUED)
    signed = Certificate(residences=each.residences or (home,), signed_on=today, entity=each.entity)
    return vault.put(each.id, vault.Kind.CERTIFICATE, signed).id


def pay_in(desk: Desk, application: UUID, newcomer: Newcomer) -> None:
    """The first money arrives from the client's own account."""
    subject = newcomer.people[0].id
    context = desk.alone()
    commands.record_first_transfer(
        context,
        application=application,
        account=vault.put(subject, vault.Kind.BANK, newcomer.bank).id,
        amount=Decimal(10_000),
        received_on=context.effective_at.date(),
        document=paper(desk, subject, DocumentKind.TRANSFER),
        own=True,
    )


STEPS: dict[Stage, Callable[[Desk, UUID, Newcomer], None]] = {
    Stage.IDENTITY: identify,
    Stage.SCREENING: look_up,
    Stage.CLASSIFICATION: classify,
    Stage.KNOWLEDGE: assess_knowledge,
    Stage.CREDIT: assess_credit,
    Stage.AGREEMENTS: sign,
    Stage.TAX: certify,
    Stage.FIRST_TRANSFER: pay_in,
}
"""What is done at each step between the handing in and the approval, in order."""


def go_on(desk: Desk, application: UUID, newcomer: Newcomer, until: Stage = Stage.APPROVAL) -> None:
    """Take a submitted application through its steps, up to but without `until`."""
    for stage, step in STEPS.items():
        if stage is until:
            return
        step(desk, application, newcomer)


def onboard(desk: Desk, newcomer: Newcomer, reference: str) -> UUID:
    """All of it; returns the new client's id."""
    application = apply(desk, newcomer)
    go_on(desk, application, newcomer)
    return commands.approve_application(desk.two(), application=application, reference=reference).value
