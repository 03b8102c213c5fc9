"""Reads of applications: where each stands, and what it still needs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from brokerage.access import queries as access

from ..models import (
    Agreement,
    AgreementText,
    Application,
    Document,
    Party,
    Person,
    Signature,
    Standing,
    TaxStatus,
    VaultRecord,
)
from ..rules import amendment
from ..rules.agreements import AgreementKind, UnknownAgreement
from ..rules.amendment import RUNNING, Changes, changes
from ..rules.application import OPEN, Facts, PartyRole, Stage, State, UnknownApplication, Waits, owners_in
from ..rules.application import Party as Part
from ..rules.classification import Investor, investor_on
from ..rules.documents import DocumentKind
from ..rules.mandate import Mandate, check_instructed
from ..rules.person import PersonKind
from ..rules.stages import WAITS, undone
from ..rules.status import ClientType
from ..rules.tax import EntityKind
from ..rules.virtual_assets import Offer, offer
from .behind import amended_by, overtaken, parties_behind, stopped
from .client import authority_holders
from .person import is_settled, paper
from .person import person as person_of
from .screening import screening_clear

PROOF = {PersonKind.INDIVIDUAL: DocumentKind.IDENTITY, PersonKind.ENTITY: DocumentKind.CONSTITUTION}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open application in the queue: the step it has reached, whom it waits for and how long.

    Of an amendment also what it changes.
    """

    application: Application
    stage: Stage
    waits: Waits
    age: timedelta
    changes: Changes | None


def application(id: UUID, *, of: UUID | None = None) -> Application:
    """The application of that id; with `of`, only if that person applied or has a role in it.

    Raises UnknownApplication.
    """
    found = Application.objects.filter(pk=id).first()
    if found is None or (of is not None and found.applicant != of and of not in people_of(id)):
        raise UnknownApplication("There is no such application.", application=id)
    return found


def applications(person: UUID | None) -> QuerySet[Application]:
    """The applications a person started or has a role in; all of them for None."""
    if person is None:
        return Application.objects.all()
    named = Party.objects.filter(person=person, removed_at=None).values("application")
    return Application.objects.filter(Q(applicant=person) | Q(id__in=named))


def applications_of(person: UUID) -> list[Application]:
    """The applications a person started or has a role in, newest first."""
    return list(applications(person).order_by("-started_at", "-id"))


def parties(application: UUID) -> list[Party]:
    """Who has which role in an application now."""
    return list(Party.objects.filter(application=application, removed_at=None))


def people_of(application: UUID) -> list[UUID]:
    """The persons with a role in an application, each once."""
    return list(dict.fromkeys(party.person for party in parties(application)))


def signs_alone(person: UUID) -> bool:
    """Whether nobody signs for the person in the portal: who has a login, or would hold a joint account."""
    joint = Application.objects.filter(form=ClientType.JOINT).values("id")
    named = Party.objects.filter(person=person, role=PartyRole.HOLDER, removed_at=None)
    return access.has_login(person) or named.filter(application__in=joint).exists()


def certifies_alone(person: Person) -> bool:
    """Whether nobody else certifies for the person in the portal: so it is of people the firm relies on."""
    return signs_alone(person.id) or (person.kind != PersonKind.ENTITY and is_settled(person.id))


def standing(stream: UUID) -> Standing:
    """How the firm judged an applicant or a client; an empty judgement if it has not yet."""
    return Standing.objects.filter(pk=stream).first() or Standing(id=stream)


def investor(client: UUID, on: date) -> Investor:
    """CLI-1: as what a client is treated on a day: retail where the evidence's yearly review is overdue.

    Every rule that asks reads this, and nothing else.
    """
    found = standing(client)
    return investor_on(found.investor, found.review_due, on)


def assessed_limit(client: UUID) -> Decimal | None:
    """VAF-7: the most a client may owe by its assessment, in Hong Kong dollars; None if there is none."""
    return standing(client).credit_limit


def offered_virtual_assets(client: UUID, on: date) -> Offer | None:
    """CLI-3, CLI-4: what of virtual assets a client may be offered on a day; None for a client of an import,
    whom nobody judged here.
    """
    found = standing(client)
    if not found.investor:
        return None
    treated = investor_on(found.investor, found.review_due, on)
    return offer(found.va_knowledge, treated, suitability=found.suitability, most=found.va_exposure)


def mandate(client: UUID) -> Mandate:
    """CLI-13: who may instruct for a client, and how many of them it takes."""
    return Mandate(signatures=standing(client).signatures, people=authority_holders(client))


def amenders(client: UUID) -> Mandate:
    """CLI-13: who has a client amended, and how many of them it takes; see `rules.amendment.amenders`."""
    run = [each.person for each in parties_behind(client) if each.role in RUNNING]
    able = Person.objects.filter(id__in=run, erased_at=None, died_at=None, insolvent_at=None)
    return amendment.amenders(mandate(client), able.values_list("id", flat=True))


def agreed_on_paper(papers: Collection[UUID], mandate: Mandate) -> None:
    """CLI-13: pass if signed papers of as many as a mandate asks were seen.

    Raises UnknownDocument unless each is of the kind signature and of one who signs, or MandateNotMet.
    """
    seen = [paper(each, mandate.people, DocumentKind.SIGNATURE) for each in papers]
    check_instructed(mandate, [each.person for each in seen])


def agreement(id: UUID) -> Agreement:
    """The version of an agreement of that id; raises UnknownAgreement."""
    found = Agreement.objects.filter(pk=id).first()
    if found is None:
        raise UnknownAgreement("There is no such agreement.", agreement=id)
    return found


def agreements_in_force() -> dict[AgreementKind, Agreement]:
    """The newest version of each agreement."""
    newest: dict[AgreementKind, Agreement] = {}
    for each in Agreement.objects.order_by("version"):
        newest[AgreementKind(each.kind)] = each
    return newest


def agreement_text(digest: str) -> str:
    """The words under a SHA-256; raises UnknownAgreement."""
    found = AgreementText.objects.filter(pk=digest).first()
    if found is None:
        raise UnknownAgreement("The text of this agreement is not kept here.", digest=digest)
    return found.text


def texts_proposed() -> list[str]:
    """The SHA-256 of the texts that wait for a second person, the newest proposal first; at most 50."""
    waiting = access.still_open(access.proposals(None)).filter(command="clients.publish-agreement")
    return [row.inputs["digest"] for row in waiting[:50]]


def signatures(stream: UUID) -> list[Signature]:
    """The signatures given in an application or as a client."""
    return list(Signature.objects.filter(stream=stream))


def tax_status(person: UUID) -> TaxStatus | None:
    """The person's newest self-certification; None before the first."""
    return TaxStatus.objects.filter(pk=person, record__isnull=False).first()


def facts(found: Application) -> Facts:
    """All that decides where an application stands.

    In an amendment counts what was proved and signed before of those who were behind the client already, and
    the bank account that is designated.
    """
    parts, earlier = _parts(found.id), amended_by(found)
    before = _parts(earlier[0].id) if earlier else ()
    gone = stopped(found, before)
    known_before = {part.person for part in before} - {part.person for part in gone}
    people = {part.person for part in parts}
    owned = owners_in(parts)
    known = {each.id: each for each in Person.objects.filter(pk__in=people, erased_at=None)}
    judged = standing(found.id)
    taxed = TaxStatus.objects.filter(pk__in=people, certified_at__isnull=False, changed_at=None)
    return Facts(
        form=ClientType(found.form),
        signatures=found.signatures,
        margin=found.margin,
        state=State(found.state),
        parties=parts,
        before=None if found.amends is None else before,
        stopped=gone,
        overtaken=overtaken(found, parts),
        described=frozenset(known),
        entities=frozenset(each.id for each in known.values() if each.kind == PersonKind.ENTITY),
        documented=_documented(known.values()),
        identified=_identified(known.values(), found, earlier, known_before),
        screened=frozenset(person for person in people if screening_clear(person)),
        finances=_is_of(found.finances, owned),
        answers=_is_of(found.answers, owned),
        investor=Investor(judged.investor) if judged.investor else None,
        knowledge=Stage.KNOWLEDGE in judged.assessed,
        credit=Stage.CREDIT in judged.assessed,
        signed=_signed(found.id, [each.id for each in earlier], known_before),
        certified=frozenset(each.id for each in taxed),
        passive=any(each.entity == EntityKind.PASSIVE for each in taxed),
        transferred=any(_is_of(account, owned) for account in (found.transfer, _designated(found))),
    )


def _parts(application: UUID) -> tuple[Part, ...]:
    return tuple(Part(party.person, PartyRole(party.role)) for party in parties(application))


def proved(person: UUID, document: UUID) -> Person:
    """The person whose details a paper of its own proves (CLI-6), as far as the paper's kind goes.

    Raises UnknownPerson, PersonErased or UnknownDocument.
    """
    known = person_of(person)
    paper(document, {person}, PROOF[PersonKind(known.kind)])
    return known


def _is_of(record: UUID | None, people: Iterable[UUID]) -> bool:
    """Whether there is a record, and it is of one of the people."""
    return record is not None and VaultRecord.objects.filter(pk=record, person__in=people).exists()


def _documented(persons: Iterable[Person]) -> frozenset[UUID]:
    kinds = {person.id: PROOF[PersonKind(person.kind)] for person in persons}
    papers = Document.objects.filter(person__in=kinds).values_list("person", "kind")
    return frozenset(person for person, kind in papers if kind == kinds[person])


def _identified(
    persons: Iterable[Person], found: Application, earlier: Iterable[Application], known_before: set[UUID]
) -> frozenset[UUID]:
    """Whose present details a paper proved, in this application or in one it amends."""
    proofs = set(found.identified.items())
    for each in earlier:
        proofs |= {(id, version) for id, version in each.identified.items() if UUID(id) in known_before}
    return frozenset(each.id for each in persons if (str(each.id), str(each.version)) in proofs)


def _signed(
    stream: UUID, earlier: Iterable[UUID], known_before: set[UUID]
) -> dict[AgreementKind, frozenset[UUID]]:
    """Who signed each agreement in force, in this application or in one it amends."""
    given = {(each.agreement, each.person) for each in signatures(stream)}
    for other in earlier:
        given |= {(each.agreement, each.person) for each in signatures(other) if each.person in known_before}
    return {
        kind: frozenset(person for signed, person in given if signed == version.id)
        for kind, version in agreements_in_force().items()
    }


def _designated(found: Application) -> UUID | None:
    """The bank account that an amended client pays from; None for a new client."""
    return standing(found.amends).account if found.amends else None


def queue(at: datetime) -> list[Waiting]:
    """Open applications, the longest waiting first, each with the step it has reached."""
    rows = Application.objects.filter(state__in=OPEN).order_by("moved_at", "id")
    return [_waiting(row, at) for row in rows]


def _waiting(row: Application, at: datetime) -> Waiting:
    known = facts(row)
    stage = undone(known)[0]
    return Waiting(row, stage, WAITS[stage], at - row.moved_at, changes(known) if row.amends else None)
