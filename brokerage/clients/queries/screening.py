"""What the lists said: of one person, of those who wait for judgement, and how far a rescreening is."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from ..models.person import Person
from ..models.screening import Screening, ScreeningFile, ScreeningList
from ..rules.screening import Directory, NoHit, UnknownList, Verdict
from ..rules.screening_csv import Kind, parse


@dataclass(frozen=True, slots=True)
class Progress:
    """How many living records there are, and how many of them were compared with the list in force."""

    screened: int
    persons: int


def list_in_force() -> ScreeningList | None:
    """The list with the latest date; None before the first."""
    return ScreeningList.objects.first()


@lru_cache(maxsize=2)
def directory(content_hash: str) -> Directory:
    """The list of that version, prepared; raises UnknownList when its file is absent or was altered."""
    row = ScreeningFile.objects.filter(pk=content_hash).first()
    if row is None or hashlib.sha256(bytes(row.content)).hexdigest() != content_hash:
        raise UnknownList("The file of this list is missing or damaged; adopt it again.", list=content_hash)
    return Directory(parse(bytes(row.content)))


def screening(person: UUID) -> Screening | None:
    """The person's newest screening, None if there was none."""
    return Screening.objects.filter(pk=person).first()


def is_screened(person: UUID) -> bool:
    """Whether the person's present record was compared with the list in force, whatever that found."""
    newest, row = list_in_force(), screening(person)
    if newest is None or row is None or row.content_hash != newest.content_hash:
        return False
    return Person.objects.filter(pk=person, version=row.person_version).exists()


def screening_clear(person: UUID) -> bool:
    """CLI-10: whether the person's present record was compared with the list in force and nothing waits.

    A hit counts as cleared once two people cleared it; a confirmed one never does.
    """
    return is_screened(person) and not stopped_by_screening(person)


def stopped_by_screening(person: UUID) -> bool:
    """Whether a hit of the person waits for judgement or was confirmed."""
    row = screening(person)
    return row is not None and bool(row.waiting or row.confirmed)


def is_confirmed(person: UUID) -> bool:
    """Whether two people confirmed a match of the person that none has cleared since."""
    row = screening(person)
    return row is not None and bool(row.confirmed)


def hits() -> QuerySet[Screening]:
    """Screenings with a match that waits for judgement, the longest waiting first."""
    return Screening.objects.filter(waiting__gt=0)


def hit(person: UUID) -> Screening:
    """The screening of a person with a match that waits for judgement or was confirmed; raises NoHit."""
    found = screening(person)
    if found is None or not (found.waiting or found.confirmed):
        raise NoHit("No match of this person waits for judgement.", person=person)
    return found


def waiting_matches(row: Screening) -> dict[UUID, Kind]:
    """The matches of a screening that wait for judgement, with the kind of list each is from."""
    return {
        UUID(id): Kind(each["kind"]) for id, each in row.matches.items() if each["verdict"] == Verdict.WAITING
    }


def stopping_matches(row: Screening) -> dict[UUID, Kind]:
    """The matches of a screening that wait for judgement or were confirmed, with the kinds of list."""
    return {
        UUID(id): Kind(each["kind"]) for id, each in row.matches.items() if each["verdict"] != Verdict.CLEARED
    }


def delisted_matches(row: Screening) -> dict[UUID, Kind]:
    """The matches that wait or were confirmed and whose entry the list in force does not have."""
    newest, stopping = list_in_force(), stopping_matches(row)
    if newest is None:
        return {}
    present = directory(newest.content_hash)
    return {id: kind for id, kind in stopping.items() if present.entry(row.matches[str(id)]["entry"]) is None}


def unscreened(content_hash: str) -> list[UUID]:
    """The persons whose present record was not compared with that list, by id; the erased left out."""
    done = Screening.objects.filter(
        person=OuterRef("pk"), content_hash=content_hash, person_version=OuterRef("version")
    )
    left = Person.objects.filter(~Exists(done), erased_at=None)
    return list(left.order_by("pk").values_list("pk", flat=True))


def rescreening() -> Progress:
    """How far everybody's comparison with the list in force has come."""
    newest, persons = list_in_force(), Person.objects.filter(erased_at=None).count()
    left = len(unscreened(newest.content_hash)) if newest else persons
    return Progress(persons - left, persons)
