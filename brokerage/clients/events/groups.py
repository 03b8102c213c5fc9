"""Groups of related clients."""

from dataclasses import dataclass
from uuid import UUID

from brokerage.ledger.registry import event

from ..rules.groups import Tie, TieReason


@event("clients.group-formed")
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFormed:
    """A group exists under a reference of the firm's own."""

    reference: str


@event("clients.group-joined")
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupJoined:
    """On the client's stream: the client's credit counts with the group's from now on."""

    group: UUID
    tie: Tie


@event("clients.group-left")
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLeft:
    """On the client's stream: the client's credit no longer counts with the group's."""

    group: UUID
    reason: TieReason
