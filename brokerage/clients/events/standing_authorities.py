"""Standing authorities on the client's stream; the client sees them all."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from brokerage.ledger.registry import Audience, event, upcaster

from ..rules.standing_authorities import End, Purpose


@event("clients.standing-authority-given", schema=2, audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAuthorityGiven:
    """In writing until the end of a day: `documents` are the papers, none if by an act in the portal."""

    authority: UUID
    purpose: Purpose
    starts: date
    ends: date
    documents: tuple[UUID, ...]


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


@event("clients.standing-authority-renewed", schema=2, audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAuthorityRenewed:
    """From the day after its end: by the client in writing, or deemed by silence after notice."""

    authority: UUID
    starts: date
    ends: date
    deemed: bool
    documents: tuple[UUID, ...]


@event("clients.standing-authority-ended", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAuthorityEnded:
    """It covers nothing from now on."""

    authority: UUID
    end: End


@upcaster("clients.standing-authority-given", schema=1)
@upcaster("clients.standing-authority-renewed", schema=1)
def _on_one_paper(data: dict[str, Any]) -> dict[str, Any]:
    """One paper was enough, whatever the mandate asked."""
    kept = {name: value for name, value in data.items() if name != "document"}
    return kept | {"documents": [data["document"]] if data["document"] else []}
