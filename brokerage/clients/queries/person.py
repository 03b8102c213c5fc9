"""Reads of people and their papers: ids and dates only. What they say of themselves is in the vault."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from brokerage.access import queries as access

from ..models import (
    Application,
    Authority,
    Client,
    ClientLabel,
    Document,
    Party,
    Person,
    PersonKey,
    PersonReading,
)
from ..models.person import unrecorded
from ..rules.application import OPEN, PartyRole, State
from ..rules.authority import Capacity
from ..rules.documents import DocumentKind, UnknownDocument
from ..rules.names import search_key
from ..rules.person import PersonErased, UnknownPerson, Why, check_can_act
from ..rules.status import ClientStatus
from .behind import decided_on

TOLD = (Why.OWN, Why.ONBOARDING, Why.CLIENT, Why.TAX)


def person(id: UUID) -> Person:
    """The person of that id; raises UnknownPerson, or PersonErased."""
    found = Person.objects.filter(pk=id).first()
    if found is None:
        raise UnknownPerson("There is no such person.", person=id)
    if found.erased_at is not None:
        raise PersonErased("This person's data has been destroyed.", person=id)
    return found


def anybody(id: UUID, at: datetime) -> Person:
    """As `person`, and of whoever has a key or a login though no details were ever recorded."""
    if Person.objects.filter(pk=id).exists():
        return person(id)
    if not PersonKey.objects.filter(pk=id).exists() and not access.has_login(id):
        raise UnknownPerson("There is no such person.", person=id)
    return unrecorded(id, at)


def able(id: UUID) -> Person:
    """The person of that id, who may act; raises UnknownPerson, PersonErased or CannotAct."""
    found = person(id)
    check_can_act(died_at=found.died_at, insolvent_at=found.insolvent_at)
    return found


def person_if_known(id: UUID) -> Person | None:
    """The person of that id unless unknown or erased."""
    return Person.objects.filter(pk=id, erased_at=None).first()


def readings_told(person: UUID) -> QuerySet[PersonReading]:
    """Who read a person's data, as far as the person may know, newest first.

    Readings for screening are left out: they could tip somebody off (CLI-12).
    """
    return PersonReading.objects.filter(person=person, why__in=TOLD)


def document(id: UUID) -> Document:
    """The document of that id; raises UnknownDocument."""
    found = Document.objects.filter(pk=id).first()
    if found is None:
        raise UnknownDocument("There is no such document.", document=id)
    return found


def paper(id: UUID, people: Collection[UUID], *kinds: DocumentKind) -> Document:
    """The document of that id, if it is of one of these people and kinds; raises UnknownDocument."""
    found = document(id)
    if found.person not in people or found.kind not in kinds:
        wanted = " or ".join(kinds)
        raise UnknownDocument(f"Choose a paper of the kind {wanted}, of whom this is about.", document=id)
    return found


def documents(person: UUID) -> list[Document]:
    """The papers of a person, oldest first."""
    return list(Document.objects.filter(person=person))


def entrusted_to(person: UUID) -> frozenset[UUID]:
    """Whose personal data a person may read: the own, and of people named in open applications of his."""
    applied = Application.objects.filter(applicant=person, state__in=OPEN).values("id")
    named = Party.objects.filter(application__in=applied, removed_at=None)
    return frozenset({person, *named.values_list("person", flat=True)})


def is_settled(person: UUID) -> bool:
    """Whether the firm relies on a person's record: the person acts for a client, or was decided on."""
    return Authority.objects.filter(person=person, ended_at=None).exists() or decided_on(person)


def relationships(person: UUID) -> list[datetime | None]:
    """When each relationship of the person with the firm ended (CLI-9); None for one that goes on.

    Clients the person acts or acted for, and applications that name the person or that it made, older ones of
    a client that was amended since among them; a draft is left out unless it was handed in before it was
    returned.
    """
    named = Party.objects.filter(person=person).values("application")
    made = Application.objects.filter(Q(id__in=named) | Q(applicant=person))
    applied = list(made.exclude(state=State.DRAFT, submitted_at=None))
    clients = Client.objects.filter(
        Q(id__in=Authority.objects.filter(person=person).values("client"))
        | Q(id__in=[each.client for each in applied if each.client])
    )
    ends = [each.status_at if each.status == ClientStatus.CLOSED else None for each in clients]
    return ends + [each.decided_at for each in applied if each.client is None]


def clients_held_by(person: UUID) -> list[UUID]:
    """The clients whose name is or was this person's: those the person holds or held, is or was."""
    held = Authority.objects.filter(person=person, capacity=Capacity.HOLDER)
    named = Party.objects.filter(person=person, role__in=(PartyRole.HOLDER, PartyRole.ENTITY))
    opened = Application.objects.filter(id__in=named.values("application"), client__isnull=False)
    return [*held.values_list("client", flat=True), *(each.client for each in opened if each.client)]


def clients_under_hold() -> frozenset[UUID]:
    """The clients of whom somebody who is or was behind them has a legal hold on the records."""
    held = Person.objects.exclude(holds=[]).values("id")
    acting = Authority.objects.filter(person__in=held).values_list("client", flat=True)
    named = Party.objects.filter(person__in=held).values("application")
    opened = Application.objects.filter(id__in=named, client__isnull=False).values_list("client", flat=True)
    return frozenset(acting) | frozenset(each for each in opened if each)


def found_by_name(text: str, scope: frozenset[UUID] | None = None) -> list[UUID]:
    """The clients whose display name contains the text, whatever its case or form; at most 200."""
    wanted = search_key(text)
    labels = ClientLabel.objects.filter(search__contains=wanted)
    if scope is not None:
        labels = labels.filter(client__in=scope)
    return list(labels.values_list("client", flat=True)[:200]) if wanted else []
