"""Texts and files about a case or complaint, sealed at rest: an event names them by id and hash only.

Each has a data key of its own, which the installation's newest key wraps: what is under the data key never
changes, as its hash in an event demands, and the installation's keys can be replaced all the same. Seven
years after the matter ended the data key is destroyed: the text stays, unreadable.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from brokerage.access import envelope, resealing
from brokerage.ledger import seams

from .models.sealed import SealedText
from .rules.sealed import TextErased, UnknownText


@dataclass(frozen=True, slots=True)
class Kept:
    """What may be said of a sealed text in the open: its id and the SHA-256 of its ciphertext."""

    id: UUID
    digest: str


def keep(about: UUID, content: bytes) -> Kept:
    """Seal content for the case or complaint it is about; it counts once an event names it."""
    id = seams.new_id()
    key, bound = envelope.new_key(), purpose(about, id)
    body = envelope.encrypt(key, content, bound.encode())
    SealedText.objects.create(id=id, about=about, body=body, wrapped=envelope.seal(bound, key))
    return Kept(id, hashlib.sha256(body).hexdigest())


def opened(about: UUID, id: UUID) -> bytes:
    """The content of a text about that very case or complaint; raises UnknownText or TextErased."""
    row = SealedText.objects.filter(pk=id, about=about).first()
    if row is None:
        raise UnknownText("There is no such text.")
    if not row.wrapped:
        raise TextErased("This text was erased once it need no longer be kept.")
    body, bound = bytes(row.body), purpose(about, id)
    return envelope.decrypt(envelope.unseal(bound, bytes(row.wrapped)), body, bound.encode())


def text(about: UUID, id: UUID) -> str:
    """The content as text, or a word that it was erased; raises UnknownText."""
    try:
        return opened(about, id).decode()
    except TextErased:
        return _("(erased after the time for keeping records)")


def destroy(about: Iterable[UUID]) -> None:
    """Destroy the keys of all texts about these cases, alerts and complaints; for a caller that may."""
    SealedText.objects.filter(about__in=list(about)).update(wrapped=b"")


def stale() -> list[UUID]:
    """The texts whose data keys are wrapped under an older key than the newest."""
    found = SealedText.objects.exclude(wrapped=b"").values_list("pk", "wrapped")
    return [id for id, wrapped in found.iterator() if resealing.is_stale(bytes(wrapped))]


def rewrap(id: UUID) -> None:
    """Wrap the text's data key under the newest key, unless it was destroyed; within a transaction."""
    row = SealedText.objects.select_for_update().get(pk=id)
    if row.wrapped:
        row.wrapped = envelope.reseal(purpose(row.about, id), bytes(row.wrapped))
        row.save(update_fields=["wrapped"])


def purpose(about: UUID, id: UUID) -> str:
    """What a text's key is wrapped for, and what the text is bound to."""
    return f"about:{about}:{id}"
