"""What waits for a second person, and what that person may decide."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID, uuid5

from brokerage.ledger import codec
from brokerage.ledger.refusal import Refused

PROPOSALS = UUID("0f7c5b0a-6f4b-4c8e-9d53-0a4d7a1c9e26")
"""The name space of proposals: one key, one proposal."""
LASTING = ((datetime(2026, 1, 1, tzinfo=UTC), timedelta(hours=72)),)
"""House policy, dated, the newest last: from when on, and how long a proposal may be approved."""


class ProposalState(StrEnum):
    """Where a proposal stands; all but open are final."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class UnknownProposal(Refused):
    """There is no proposal of this id, or none that exists for the asker."""

    code = "access.unknown-proposal"


class NotOpen(Refused):
    """The proposal was decided before."""

    code = "access.proposal-not-open"


class Expired(Refused):
    """Nobody approved the proposal in time."""

    code = "access.proposal-expired"


class DigestDiffers(Refused):
    """What is approved is not what was proposed."""

    code = "access.digest-differs"


class OwnProposal(Refused):
    """The person who made a proposal would decide on it, through whatever login."""

    code = "access.own-proposal"


class NotYours(Refused):
    """A proposal would be withdrawn by another person than its maker."""

    code = "access.not-your-proposal"


class MakerNotEntitled(Refused):
    """The maker's login was closed, or its right taken, before the proposal was approved."""

    code = "access.maker-not-entitled"


class Outdated(Refused):
    """The command of a proposal no longer takes what was proposed."""

    code = "access.proposal-outdated"


class NeverProposed(Refused):
    """A restricted command would become a proposal, where more people read than may know of it."""

    code = "access.never-proposed"


def proposal_id(key: str) -> UUID:
    """The id of the proposal that is made under an idempotency key."""
    return uuid5(PROPOSALS, key)


def digest(command: str, inputs: Mapping[str, object]) -> str:
    """SHA-256 in hex of the canonical form of a command and its plain inputs."""
    return sha256(codec.canonical([command, inputs]).encode()).hexdigest()


def lasting(at: datetime) -> timedelta:
    """How long a proposal made at an instant may be approved; the first policy holds for all time before."""
    return next((span for since, span in reversed(LASTING) if since <= at), LASTING[0][1])


def check_open(state: ProposalState, expires_at: datetime, now: datetime) -> None:
    """Pass if a proposal may be decided now; raises NotOpen or Expired."""
    if state is not ProposalState.OPEN:
        raise NotOpen(f"This proposal is {state}; nothing is left to decide.", state=state)
    if expires_at <= now:
        raise Expired("The time for this proposal has run out; propose it anew.", expired=expires_at)


def check_digest(proposed: str, seen: str) -> None:
    """Pass if the second person saw what was proposed; raises DigestDiffers."""
    if proposed != seen:
        raise DigestDiffers("This is not what was proposed; look at it again.", proposed=proposed)


def check_second(maker: UUID, person: UUID) -> None:
    """Pass if two persons, not two logins, stand behind the decision; raises OwnProposal."""
    if maker == person:
        raise OwnProposal("You made this proposal yourself; another person must decide on it.")
