"""The only door to personal data: each record sealed under its person's key, each reading noted.

A person's data key encrypts with AES-256-GCM; the record's id, person and kind are authenticated with it, so
that no record passes for another. `access.envelope` wraps the data key. Without the data key nothing that was
ever kept about the person can be read again, in this database or in any copy of it that lacks the key.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from brokerage.access import envelope
from brokerage.access.rules import Perm, Principal
from brokerage.ledger import codec, seams
from brokerage.ledger.commands import Around, KeyReused
from brokerage.ledger.entry import Entry, Source
from brokerage.market.rules.calendars import hong_kong_date

from .models import PersonKey, PersonReading, VaultRecord
from .queries import intake
from .queries.person import entrusted_to
from .rules.agreements import Circumstances
from .rules.bounds import A_DAY, check_room
from .rules.finances import Finances
from .rules.knowledge import Answers
from .rules.person import Entity, Individual, PersonErased, UnknownRecord, Why
from .rules.tax import Certificate
from .rules.terms import terms
from .rules.transfers import BankAccount


class Kind(StrEnum):
    """What a record holds."""

    INDIVIDUAL = "individual"
    ENTITY = "entity"
    DOCUMENT = "document"
    FINANCES = "finances"
    ANSWERS = "answers"
    CERTIFICATE = "certificate"
    CIRCUMSTANCES = "circumstances"
    BANK = "bank-account"


CONTENT: dict[Kind, Any] = {
    Kind.INDIVIDUAL: Individual,
    Kind.ENTITY: Entity,
    Kind.DOCUMENT: bytes,
    Kind.FINANCES: Finances,
    Kind.ANSWERS: Answers,
    Kind.CERTIFICATE: Certificate,
    Kind.CIRCUMSTANCES: Circumstances,
    Kind.BANK: BankAccount,
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """What may be said of a record in the open: whose, its id, and the SHA-256 of its ciphertext."""

    person: UUID
    id: UUID
    kind: Kind
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Content that is to be kept under an id of its own; nothing of it is stored yet."""

    id: UUID
    person: UUID
    kind: Kind
    content: Any


def draft(person: UUID, kind: Kind, content: Any) -> Draft:
    """What a command is about to name; `keeping` seals it in the command's own transaction."""
    return Draft(id=seams.new_id(), person=person, kind=kind, content=content)


def drafted(key: str, person: UUID, kind: Kind, content: Any) -> Draft:
    """As `draft`, for a request that may come again: its idempotency key gives the id.

    Raises KeyReused when something else was kept under the key, and PersonErased.
    """
    id = uuid5(person, f"{kind}:{key}")
    if VaultRecord.objects.filter(pk=id).exists() and known(id) != content:
        raise KeyReused("This key was used for another request; use a new key for a new request.")
    return Draft(id=id, person=person, kind=kind, content=content)


def keeping(*drafts: Draft) -> Around:
    """Seals drafts as the command begins, for `Command.within`: what is refused leaves no record behind.

    The command then raises what `put` does, too; and in the portal TooMany for more than somebody may have
    sealed in a day.
    """

    @contextmanager
    def around(entry: Entry) -> Iterator[None]:
        if drafts:
            _check_room(entry)
        for each in drafts:
            _keep(each)
        yield

    return around


def _check_room(entry: Entry) -> None:
    """Pass if whoever asks in the portal, where any stranger may apply, has room for more; raises TooMany."""
    asker = entry.context.maker if entry.context.source is Source.PORTAL else None
    if asker is not None:
        before = intake.sealed_for(asker, since=entry.effective_at - A_DAY)
        most = terms(hong_kong_date(entry.effective_at)).sealed_a_day
        check_room(before, most, "pages and papers from today")


def put(person: UUID, kind: Kind, content: Any) -> Sealed:
    """Seal content under the person's key, made with the first record; it counts once an event names it.

    Raises PersonErased. What is kept here can never be removed: edges leave the sealing to `keeping`, so
    that a command looks at it first.
    """
    return _keep(draft(person, kind, content))


def _keep(given: Draft) -> Sealed:
    content = given.content
    record = VaultRecord(id=given.id, person=given.person, kind=given.kind, sealed_at=seams.now())
    plain = content if isinstance(content, bytes) else codec.canonical(content).encode()
    record.body = envelope.encrypt(_key_made(given.person), plain, _bound(record))
    record.save(force_insert=True)
    return sealed(record.id)


def sealed(record: UUID) -> Sealed:
    """What an event says of a record; raises UnknownRecord."""
    row = _row(record)
    return Sealed(row.person, row.id, Kind(row.kind), hashlib.sha256(row.body).hexdigest())


def read(asker: Principal, record: UUID, why: Why) -> Any:
    """The content of a record, for a person at an edge; the reading is noted.

    Whose own data it is, or who entered it in an application of theirs, may read it; anybody else needs
    SEE_PERSONAL. Raises NotEntitled, UnknownRecord or PersonErased.
    """
    row = _row(record)
    if row.person not in entrusted_to(asker.person):
        asker.check(Perm.SEE_PERSONAL)
    PersonReading.objects.create(
        id=seams.new_id(),
        person=row.person,
        record=row.id,
        reader=asker.person,
        actor=asker.actor,
        why=why,
        read_at=seams.now(),
    )
    return _opened(row)


def known(record: UUID) -> Any:
    """The content of a record, for a command that decides on it; its entry is the trail.

    Raises UnknownRecord or PersonErased.
    """
    return _opened(_row(record))


def destroy(person: UUID) -> None:
    """Destroy the person's data key; a command calls this that has proved it may."""
    PersonKey.objects.update_or_create(person=person, defaults={"wrapped": None, "key_id": ""})


def rewrap(person: UUID) -> None:
    """Wrap the person's data key under the newest key, unless it was destroyed; within a transaction."""
    key = PersonKey.objects.select_for_update().get(person=person)
    if key.wrapped is not None:
        key.wrapped = envelope.reseal(_purpose(person), bytes(key.wrapped))
        key.key_id = envelope.newest_key()
        key.save()


def stale() -> list[UUID]:
    """The persons whose data keys are wrapped under an older key than the newest."""
    keys = PersonKey.objects.filter(wrapped__isnull=False).exclude(key_id=envelope.newest_key())
    return list(keys.values_list("person", flat=True))


def _row(record: UUID) -> VaultRecord:
    row = VaultRecord.objects.filter(pk=record).first()
    if row is None:
        raise UnknownRecord("There is no such record.", record=record)
    return row


def _opened(row: VaultRecord) -> Any:
    plain = envelope.decrypt(_key(row.person), bytes(row.body), _bound(row))
    kind = CONTENT[Kind(row.kind)]
    return plain if kind is bytes else codec.decode(kind, json.loads(plain))


def _bound(row: VaultRecord) -> bytes:
    return f"{row.person}:{row.id}:{row.kind}".encode()


def _purpose(person: UUID) -> str:
    return f"person:{person}"


def _key(person: UUID) -> bytes:
    """The person's data key; raises PersonErased once it is destroyed."""
    key = PersonKey.objects.filter(pk=person).first()
    if key is None or key.wrapped is None:
        raise PersonErased("This person's data has been destroyed.", person=person)
    return envelope.unseal(_purpose(person), bytes(key.wrapped))


def _key_made(person: UUID) -> bytes:
    """The person's data key, made if the person has none yet; raises PersonErased."""
    if not PersonKey.objects.filter(pk=person).exists():
        wrapped = envelope.seal(_purpose(person), envelope.new_key())
        PersonKey.objects.get_or_create(
            person=person, defaults={"wrapped": wrapped, "key_id": envelope.newest_key()}
        )
    return _key(person)
