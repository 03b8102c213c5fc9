"""Texts and files about a case or complaint, sealed at rest: an event names them by id and hash only.

Each has a data key of its own, which the installation's newest key wraps: what is under the data key never
changes, as its hash in an event demands, and the installation's keys can be replaced all the same.
"""

import hashlib
import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from brokerage.access import envelope
from brokerage.ledger import seams

from .models.sealed import SealedText
from .rules.sealed import UnknownText

NONCE = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """What may be said of a sealed text in the open: its id and the SHA-256 of its ciphertext."""

    id: UUID
    digest: str


def keep(about: UUID, content: bytes) -> Kept:
    """Seal content for the case or complaint it is about; it counts once an event names it."""
    id = seams.new_id()
    key, nonce, bound = AESGCM.generate_key(256), os.urandom(NONCE), purpose(about, id)
    body = nonce + AESGCM(key).encrypt(nonce, content, bound.encode())
    SealedText.objects.create(id=id, about=about, body=body, wrapped=envelope.seal(bound, key))
    return Kept(id, hashlib.sha256(body).hexdigest())


def opened(about: UUID, id: UUID) -> bytes:
    """The content of a text about that very case or complaint; raises UnknownText."""
    row = SealedText.objects.filter(pk=id, about=about).first()
    if row is None:
        raise UnknownText("There is no such text.")
    body, bound = bytes(row.body), purpose(about, id)
    if row.wrapped is None:  # from before texts had data keys: it stays under the key it was sealed with
        return envelope.unseal(bound, body)
    key = AESGCM(envelope.unseal(bound, bytes(row.wrapped)))
    return key.decrypt(body[:NONCE], body[NONCE:], bound.encode())


def text(about: UUID, id: UUID) -> str:
    """The content as text; raises UnknownText."""
    return opened(about, id).decode()


def purpose(about: UUID, id: UUID) -> str:
    """What a text's key is wrapped for, and what the text is bound to."""
    return f"about:{about}:{id}"
