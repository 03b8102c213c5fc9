"""What happened to people and their papers: ids, kinds and hashes of ciphertext. The data is in the vault."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from brokerage.ledger.registry import event, upcaster

from ..rules.documents import DocumentKind, Media
from ..rules.person import PersonKind


@event("clients.person-recorded")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecorded:
    """The person's details are now those of this vault record; `digest` is its ciphertext's SHA-256."""

    kind: PersonKind
    version: UUID
    digest: str


@event("clients.document-stored")
@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStored:
    """A paper of the person came in; its bytes are the vault record of that id."""

    document: UUID
    kind: DocumentKind
    media: Media
    size: int
    digest: str


@event("clients.person-held")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonHeld:
    """The person's records may not be erased until released. `reason` is the order's number, by which this
    hold is known: others may stand beside it.

    The desk may know: it forbids erasure and says nothing of a suspicion (decision 014).
    """

    reason: str


@event("clients.person-released", schema=2)
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReleased:
    """One hold on the person's records ended, for a stated reason; `hold` is its order's number.

    While a person carried one hold at most, its end named none.
    """

    hold: str | None
    reason: str


@upcaster("clients.person-released", schema=1)
def _without_hold(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "hold": None}


@event("clients.person-erased")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased:
    """The person's key was destroyed: nothing the vault holds of the person can be read again."""

    reason: str
