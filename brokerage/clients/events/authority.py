"""Who came to act for a client, and who ceased to."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from brokerage.ledger.registry import Audience, event, upcaster

from ..rules.authority import Capacity


@event("clients.authority-granted", schema=3, audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityGranted:
    """The person may act for the client in this capacity from now on, until the end of a day if one is set.

    `document` is the paper that was seen: the power of attorney, or what proves who the person is; then
    `identity` proves who the attorney is. By an application it is neither: what proves it is named there.
    """

    person: UUID
    capacity: Capacity
    until: date | None = None
    document: UUID | None = None
    identity: UUID | None = None


@upcaster("clients.authority-granted", schema=1)
def _without_end(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "until": None, "document": None}


@upcaster("clients.authority-granted", schema=2)
def _without_identity(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "identity": None}


@event("clients.authority-ended", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityEnded:
    """The person may no longer act for the client in this capacity, for a stated reason (a code)."""

    person: UUID
    capacity: Capacity
    reason: str
