"""Standing authorities on the client's stream; the client sees them all."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from ..rules.standing_authorities import End, Purpose


@event("clients.standing-authority-given", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAuthorityGiven:
    """In writing, until the end of a day; `document` is the paper; None: by an act in the portal."""

    authority: UUID
    purpose: Purpose
    starts: date
    ends: date
    document: UUID | None


@event("clients.renewal-announced", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalAnnounced:
    """A notice is on its way: silence renews the authority, and this is how to object."""

    authority: UUID
    ends: date


@event("clients.renewal-notice-delivered", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalNoticeDelivered:
    """The receipt of the notice: the outbox message, whom it reached, and the SHA-256 of its text.

    The mail system of each of `persons`, all who may bind the client then, has accepted it.
    """

    authority: UUID
    ends: date
    message: UUID
    persons: tuple[UUID, ...]
    digest: str


@event("clients.renewal-objected", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalObjected:
    """The client objects: the authority ends with its term."""

    authority: UUID


@event("clients.standing-authority-renewed", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAuthorityRenewed:
    """From the day after its end: by the client in writing, or deemed by silence after notice."""

    authority: UUID
    starts: date
    ends: date
    deemed: bool
    document: UUID | None


@event("clients.standing-authority-ended", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAuthorityEnded:
    """It covers nothing from now on."""

    authority: UUID
    end: End
