"""What happened to proposals: what one person asked for and another had to agree to.

They hold identifiers and inputs of commands, which hold no personal data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from brokerage.ledger.registry import event


@event("access.proposal-made")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalMade:
    """One person asked for a command that takes two; `digest` binds its name and inputs.

    `permission` is what the second person must hold; `client` and `account` say whose affairs it is, if
    anybody's.
    """

    command: str
    inputs: dict[str, Any]
    digest: str
    permission: str
    maker: UUID
    actor: str
    client: UUID | None
    account: UUID | None
    expires_at: datetime


@event("access.proposal-approved")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalApproved:
    """Another person agreed, and the command ran in the same entry."""

    person: UUID
    actor: str


@event("access.proposal-rejected")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRejected:
    """A person who might have approved refused to, for a stated reason."""

    person: UUID
    actor: str
    reason: str


@event("access.proposal-withdrawn")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalWithdrawn:
    """The maker no longer asks for it."""

    person: UUID
    actor: str


@event("access.proposal-expired")
@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalExpired:
    """Nobody approved in time."""
