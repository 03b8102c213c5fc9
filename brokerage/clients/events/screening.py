"""Lists adopted, persons screened and hits judged. No names: a person is an id, an entry its number."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from brokerage.ledger.registry import event

from ..rules.screening import ClearReason, Match, Outcome


@event("clients.screening-list-adopted")
@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningListAdopted:
    """A list is in force: the SHA-256 of its file is its version. Everybody is screened again (CLI-11)."""

    content_hash: str
    dated: date
    source: str
    entries: int


@event("clients.person-screened")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonScreened:
    """The person's record `person_version` was compared with a list under a matching policy (CLI-10)."""

    person_version: UUID
    content_hash: str
    dated: date
    policy: str
    outcome: Outcome
    matches: tuple[Match, ...]


@event("clients.hit-cleared")
@dataclass(frozen=True, slots=True, kw_only=True)
class HitCleared:
    """Two people found that the person is not who these matches name."""

    matches: tuple[UUID, ...]
    reason: ClearReason


@event("clients.hit-confirmed")
@dataclass(frozen=True, slots=True, kw_only=True)
class HitConfirmed:
    """The person is who these matches name; nothing moves from then on."""

    matches: tuple[UUID, ...]
