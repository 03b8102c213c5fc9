"""People enter the book by id, their papers by hash; and leave it when their key is destroyed."""

from uuid import UUID

from brokerage.access.commands import end_links, erase_logins
from brokerage.access.rules import Perm
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry, Source

from .. import queries, vault
from ..events.person import DocumentStored, PersonErased, PersonHeld, PersonRecorded, PersonReleased
from ..models import ClientLabel, Person
from ..rules.documents import DocumentKind, check_brought, media_of
from ..rules.person import HoldStands, PersonKind, UnknownRecord, check_erasable, check_own_change
from ..rules.person import PersonErased as Erased
from ..rules.reasons import checked_reason
from .labels import label_again

DETAILS = {vault.Kind.INDIVIDUAL: PersonKind.INDIVIDUAL, vault.Kind.ENTITY: PersonKind.ENTITY}


@command("clients.record-person")
def record_person(entry: Entry, *, version: UUID) -> UUID:
    """Make a vault record the current details of its person; returns the person's id.

    Nobody changes the own details once the firm relies on them: CLI-10 would be evaded. Raises
    UnknownRecord, PersonErased or RecordSettled.
    """
    person = vault.sealed(version).person
    entry.lock(person)
    record_step(entry, person, version)
    return person


def record_step(entry: Entry, person: UUID, version: UUID) -> PersonKind:
    """Make a vault record the details of a locked person, within another command; as `record_person`.

    Links mailed before open no login any more. Returns what the person is by it.
    """
    sealed = vault.sealed(version)
    _check_not_erased(person)
    check_own_change(person, by=entry.context.maker, settled=queries.is_settled(person))
    kind = DETAILS.get(sealed.kind)
    if kind is None or sealed.person != person:
        raise UnknownRecord("This record holds no details of this person.", record=version)
    entry.record(person, PersonRecorded(kind=kind, version=version, digest=sealed.digest))
    end_links(entry, {person}, of_firm=True)
    for client in queries.clients_held_by(person):
        if person in queries.owners(client):
            label_again(client, person, version)
    return kind


@command("clients.store-document")
def store_document(entry: Entry, *, document: UUID, kind: DocumentKind) -> UUID:
    """Add a sealed document to its person's papers; returns the document's id.

    Raises UnknownRecord, UnknownPerson, PersonErased, DocumentTooLarge, WrongType or UnsafeDocument; in the
    portal NotYoursToBring of what another decides.
    """
    sealed = vault.sealed(document)
    entry.lock(sealed.person)
    found = queries.person(sealed.person)
    if entry.context.source is Source.PORTAL:
        check_brought(kind, PersonKind(found.kind), own=sealed.person == entry.context.maker)
    if sealed.kind is not vault.Kind.DOCUMENT:
        raise UnknownRecord("This record is no document.", record=document)
    content = vault.known(document)
    media = media_of(content)
    entry.record(
        sealed.person,
        DocumentStored(document=document, kind=kind, media=media, size=len(content), digest=sealed.digest),
    )
    return document


@command("clients.hold-person")
def hold_person(entry: Entry, *, person: UUID, reason: str) -> None:
    """Forbid the erasure of a person's records; `reason` is an order's or a dispute's number.

    Several stand beside each other, until each is released. The desk sees them, and a case of compliance
    needs none: never give its number (CLI-12, decision 014). Raises UnknownPerson, PersonErased, HoldStands
    or BadReason.
    """
    entry.lock(person)
    checked_reason(reason)
    if reason in queries.person(person).holds:
        raise HoldStands("A hold of this number is on the records already.", person=person)
    entry.record(person, PersonHeld(reason=reason))


@command("clients.release-person")
def release_person(entry: Entry, *, person: UUID, hold: str, reason: str) -> None:
    """Lift the hold on records that has this order's number; the others stay.

    Raises UnknownPerson, PersonErased, HoldStands or BadReason.
    """
    entry.lock(person)
    checked_reason(reason)
    if hold not in queries.person(person).holds:
        raise HoldStands("No hold of this number is on the records.", person=person)
    entry.record(person, PersonReleased(hold=hold, reason=reason))


@command("clients.erase-person")
def erase_person(entry: Entry, *, person: UUID, reason: str) -> None:
    """Destroy a person's key, and what is said of the clients the person held. There is no way back.

    That is their display names, and what the person's logins say of their owner. Texts about cases and
    complaints have a time of their own: see `tasks.forget_texts`. Whoever has a key or a login can be erased.
    Two people; CLI-9. Raises UnknownPerson, PersonErased, RecordsKept, LegalHold, BadReason or
    SecondPersonNeeded.
    """
    entry.lock(person)
    found = queries.anybody(person, entry.effective_at)
    checked_reason(reason)
    check_erasable(queries.relationships(person), held=found.held, at=entry.effective_at)
    entry.second_person(Perm.APPROVE_ERASURES, person=person)
    vault.destroy(person)
    erase_logins(entry, person=person)
    held = queries.clients_held_by(person)
    ClientLabel.objects.filter(client__in=held).delete()
    ClientLabel.history.filter(client__in=held).delete()
    entry.record(person, PersonErased(reason=reason))


def _check_not_erased(person: UUID) -> None:
    if Person.objects.filter(pk=person, erased_at__isnull=False).exists():
        raise Erased("This person's data has been destroyed.", person=person)
