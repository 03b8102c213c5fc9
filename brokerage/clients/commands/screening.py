"""Adopting a list, comparing a person with it, and judging what it says (CLI-10, CLI-11)."""

from datetime import date
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.jobs import outbox
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry

from .. import queries, vault
from ..events.screening import HitCleared, HitConfirmed, PersonScreened, ScreeningListAdopted
from ..models.screening import ScreeningFile, ScreeningList
from ..queries import screening as screenings
from ..queries.holds import clients_stopped_by
from ..rules.person import Individual
from ..rules.screening import (
    HOUSE_NAME,
    SCREENING_LISTS,
    ClearReason,
    ListTooOld,
    Outcome,
    Subject,
    UnknownList,
    Verdict,
    check_clear_reason,
    chosen,
)
from ..rules.screening_csv import content_hash, parse
from .holds import freeze_for_hit, let_go, lock_person

RESCREEN = "clients.rescreen"


@command("clients.adopt-screening-list")
def adopt_screening_list(entry: Entry, *, content: bytes, dated: date, source: str) -> str:
    """Put a list in force, or nothing of it; everybody is screened again (CLI-11). Returns its version.

    A list adopted before does nothing. Raises MalformedList naming the bad lines, ListTooOld, NothingToDo.
    """
    entries, version = parse(content), content_hash(content)
    entry.lock(SCREENING_LISTS)
    if ScreeningList.objects.filter(content_hash=version).exists():
        raise NothingToDo("This list was adopted before.", list=version)
    newest = screenings.list_in_force()
    if newest is not None and dated < newest.dated:
        raise ListTooOld("A list of a later date is in force.", dated=dated, in_force=newest.dated)
    ScreeningFile.objects.get_or_create(content_hash=version, defaults={"content": content})
    entry.record(
        SCREENING_LISTS,
        ScreeningListAdopted(content_hash=version, dated=dated, source=source, entries=len(entries)),
    )
    outbox.put(RESCREEN, version, {"list": version})
    return version


@command("clients.screen")
def screen(entry: Entry, *, person: UUID) -> Outcome:
    """Compare a person's present record with the list in force; a hit freezes the person's clients (CLI-10).

    It never lets go: a match found before stays until two people clear it, whatever the record or the list
    says by now. Returns the outcome with that. Raises UnknownList, UnknownPerson, PersonErased or
    NotScreenable; NothingToDo when this record was compared with this list.
    """
    clients = lock_person(entry, person)
    newest = screenings.list_in_force()
    if newest is None:
        raise UnknownList("Adopt a screening list first.")
    subject, before = _subject(person), screenings.screening(person)
    if before and (before.content_hash, before.person_version) == (newest.content_hash, subject.version):
        raise NothingToDo("This record was compared with this list before.", person=person)
    matches = screenings.directory(newest.content_hash).matches(subject)
    known = before.matches if before else {}
    found = {str(match.id(person, subject.version)) for match in matches}
    stopped = any(known.get(id, {}).get("verdict") != Verdict.CLEARED for id in found | known.keys())
    outcome = Outcome.HIT if stopped else Outcome.CLEAR
    screened = PersonScreened(
        person_version=subject.version,
        content_hash=newest.content_hash,
        dated=newest.dated,
        policy=HOUSE_NAME,
        outcome=outcome,
        matches=matches,
    )
    entry.record(person, screened)
    if stopped:
        freeze_for_hit(entry, person, clients)
    return outcome


@command("clients.clear-hit")
def clear_hit(entry: Entry, *, person: UUID, matches: tuple[UUID, ...], reason: ClearReason) -> None:
    """The person is none of those that these matches name, for one reason, say two people.

    The clients are let go with the last match that stops them. A confirmed match is cleared only once its
    entry left the list. Raises NoHit where one of the matches cannot be cleared for this reason or no longer
    waits, PepOnly or SecondPersonNeeded.
    """
    lock_person(entry, person, *clients_stopped_by(person))
    row = screenings.screening(person)
    delisted = reason is ClearReason.LEFT_THE_LIST
    wanted = screenings.delisted_matches if delisted else screenings.waiting_matches
    cleared = chosen(matches, wanted(row) if row else {})
    check_clear_reason(reason, cleared)
    entry.second_person(Perm.APPROVE_HITS, person=person)
    entry.record(person, HitCleared(matches=tuple(cleared), reason=reason))
    if row and screenings.stopping_matches(row).keys() == cleared.keys():
        let_go(entry, person)


@command("clients.confirm-hit")
def confirm_hit(entry: Entry, *, person: UUID, matches: tuple[UUID, ...]) -> None:
    """The person is who these matches name, say two people: the clients stay frozen for good.

    They are frozen while the second person is waited for. Raises NoHit where one of the matches no longer
    waits, or SecondPersonNeeded.
    """
    lock_person(entry, person)
    row = screenings.screening(person)
    confirmed = chosen(matches, screenings.waiting_matches(row) if row else {})
    entry.second_person(Perm.APPROVE_HITS, person=person)
    entry.record(person, HitConfirmed(matches=tuple(confirmed)))


def _subject(person: UUID) -> Subject:
    """What screening compares of a person's present record."""
    row = queries.person(person)
    details = vault.known(row.version)
    natural = isinstance(details, Individual)
    countries = {details.address.country, details.nationality if natural else details.country}
    return Subject(
        person=person,
        version=row.version,
        names=details.names,
        born=details.birth_date.year if natural else None,
        countries=frozenset(countries),
    )
