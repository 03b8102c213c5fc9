"""Who may do what: permissions, the roles that hold them, the principal an edge acts for, and what the
second of two people may decide.

Rights are code: they change by review and release, never by a row somebody edits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID, uuid5

from brokerage.ledger import codec
from brokerage.ledger.refusal import Refused


class Perm(StrEnum):
    """One right. `see` reads, anything else acts: `make_*` proposes, `approve_*` is the second person's."""

    SEE_MARGIN = "access.see_margin"
    SEE_LEDGER = "access.see_ledger"
    SEE_JOBS = "access.see_jobs"
    SEE_REFERENCE = "access.see_reference"
    SEE_APPROVALS = "access.see_approvals"
    SEE_ACCESS = "access.see_access"
    MAKE_ACCESS = "access.make_access"
    APPROVE_ACCESS = "access.approve_access"
    SEE_ACCOUNTS = "access.see_accounts"
    SEE_RESTRICTED = "access.see_restricted"
    SEE_CLIENTS = "access.see_clients"
    MAKE_WATCH = "access.make_watch"
    APPROVE_WATCH = "access.approve_watch"
    MAKE_HITS = "access.make_hits"
    APPROVE_HITS = "access.approve_hits"
    RAISE_ALERTS = "access.raise_alerts"
    MANAGE_CASES = "access.manage_cases"
    MAKE_PAYMENTS = "access.make_payments"
    MAKE_TRADES = "access.make_trades"
    MAKE_WEBHOOKS = "access.make_webhooks"
    APPROVE_WEBHOOKS = "access.approve_webhooks"
    MAKE_CALLS = "access.make_calls"
    APPROVE_CALLS = "access.approve_calls"
    MAKE_SALES = "access.make_sales"
    APPROVE_SALES = "access.approve_sales"
    MAKE_LIMITS = "access.make_limits"
    APPROVE_LIMITS = "access.approve_limits"
    MAKE_WRITE_OFFS = "access.make_write_offs"
    APPROVE_WRITE_OFFS = "access.approve_write_offs"
    MAKE_POLICIES = "access.make_policies"
    APPROVE_POLICIES = "access.approve_policies"
    MAKE_PRICES = "access.make_prices"
    APPROVE_PRICES = "access.approve_prices"
    MAKE_STATUSES = "access.make_statuses"
    APPROVE_STATUSES = "access.approve_statuses"
    MAKE_AUTHORITIES = "access.make_authorities"
    APPROVE_AUTHORITIES = "access.approve_authorities"
    SEE_PERSONAL = "access.see_personal"
    SEE_ONBOARDING = "access.see_onboarding"
    MAKE_CLIENTS = "access.make_clients"
    APPROVE_CLIENTS = "access.approve_clients"
    MAKE_AGREEMENTS = "access.make_agreements"
    APPROVE_AGREEMENTS = "access.approve_agreements"
    MAKE_ERASURES = "access.make_erasures"
    APPROVE_ERASURES = "access.approve_erasures"


class Role(StrEnum):
    """What a login is for. A member of staff may hold several, a client's login or a machine's one."""

    OPERATIONS = "operations"
    CHECKER = "operations-checker"
    CREDIT = "credit"
    COMPLIANCE = "compliance"
    AUDITOR = "auditor"
    CLIENT = "client"
    MACHINE = "machine"


_DESK = frozenset(
    {Perm.SEE_MARGIN, Perm.SEE_LEDGER, Perm.SEE_REFERENCE, Perm.SEE_APPROVALS, Perm.SEE_ACCOUNTS}
) | {Perm.SEE_CLIENTS}
_WATCH = frozenset({Perm.MAKE_WATCH, Perm.MAKE_HITS, Perm.RAISE_ALERTS})
_MOVES = frozenset({Perm.MAKE_PAYMENTS, Perm.MAKE_TRADES, Perm.MAKE_WEBHOOKS})
_MAKES = frozenset(
    {Perm.MAKE_CALLS, Perm.MAKE_SALES, Perm.MAKE_PRICES, Perm.MAKE_STATUSES, Perm.MAKE_AUTHORITIES}
)
_CHECKS = frozenset(
    {
        Perm.APPROVE_CALLS,
        Perm.APPROVE_SALES,
        Perm.APPROVE_PRICES,
        Perm.APPROVE_STATUSES,
        Perm.APPROVE_AUTHORITIES,
        Perm.APPROVE_WEBHOOKS,
    }
)
_CREDIT = frozenset({Perm.MAKE_LIMITS, Perm.MAKE_WRITE_OFFS, Perm.MAKE_POLICIES, Perm.MAKE_CALLS})
_COMPLIANCE = frozenset({Perm.MAKE_STATUSES, Perm.APPROVE_STATUSES, Perm.APPROVE_POLICIES})
_PEOPLE = frozenset({Perm.SEE_PERSONAL, Perm.SEE_ONBOARDING})
_PAPERS = frozenset(
    {Perm.MAKE_AGREEMENTS, Perm.APPROVE_AGREEMENTS, Perm.MAKE_ERASURES, Perm.APPROVE_ERASURES}
)
ROLES: dict[Role, frozenset[Perm]] = {
    Role.OPERATIONS: _DESK
    | {Perm.SEE_JOBS, Perm.SEE_ACCESS, Perm.MAKE_ACCESS}
    | _MAKES
    | _MOVES
    | _WATCH
    | _PEOPLE
    | {Perm.MAKE_CLIENTS},
    Role.CHECKER: _DESK
    | {Perm.SEE_ACCESS, Perm.APPROVE_ACCESS}
    | {Perm.SEE_JOBS, Perm.APPROVE_WATCH, Perm.RAISE_ALERTS}
    | _CHECKS
    | _PEOPLE
    | {Perm.APPROVE_CLIENTS},
    Role.CREDIT: _DESK | _CREDIT | {Perm.RAISE_ALERTS, Perm.APPROVE_LIMITS} | _PEOPLE,
    Role.COMPLIANCE: _DESK
    | {Perm.SEE_ACCESS, Perm.MAKE_ACCESS, Perm.APPROVE_ACCESS}
    | {Perm.SEE_RESTRICTED, Perm.MANAGE_CASES, Perm.APPROVE_WATCH, Perm.APPROVE_HITS}
    | _WATCH
    | _COMPLIANCE
    | {Perm.APPROVE_LIMITS, Perm.APPROVE_WRITE_OFFS}
    | _PEOPLE
    | _PAPERS
    | {Perm.APPROVE_CLIENTS},
    Role.AUDITOR: _DESK | {Perm.SEE_JOBS, Perm.SEE_ACCESS} | {Perm.SEE_ONBOARDING},
    Role.CLIENT: frozenset(),
    Role.MACHINE: frozenset(),
}
"""The rights of each role; whoever holds none of these roles holds no right."""


class NotEntitled(Refused):
    """The principal lacks the permission that this asks for."""

    code = "access.not-entitled"


class ConfirmationNeeded(Refused):
    """A client moves value without having shown a second factor in the last minutes."""

    code = "access.confirmation-needed"


class Kind(StrEnum):
    """Which kind of login stands behind a request."""

    STAFF = "staff"
    CLIENT = "client"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. `clients` are those whose objects may be touched; None stands for all of them.

    `actor` names the login in entries ("staff:mei"), `person` the human being behind it; `confirmed_at`
    is when a second factor was last shown.
    """

    kind: Kind
    actor: str
    person: UUID
    permissions: frozenset[Perm]
    clients: frozenset[UUID] | None
    confirmed_at: datetime | None = None

    def may(self, permission: Perm) -> bool:
        """Whether the principal holds the permission."""
        return permission in self.permissions

    def check(self, permission: Perm) -> None:
        """Pass if the principal holds the permission; raises NotEntitled."""
        if not self.may(permission):
            raise NotEntitled("Your role does not allow this.", permission=permission)

    def covers(self, client: UUID) -> bool:
        """Whether the client's objects exist for this principal at all."""
        return self.clients is None or client in self.clients


def permissions(roles: Iterable[str]) -> frozenset[Perm]:
    """All rights of these roles; a name that is no role adds none."""
    return frozenset(perm for role in Role if role in set(roles) for perm in ROLES[role])


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


def making(approving: str) -> Perm | None:
    """The right to propose what holders of `approving` approve; None where there is no such right."""
    name = approving.replace(".approve_", ".make_")
    return Perm(name) if name != approving and name in set(Perm) else None


def checked_person(person: UUID | None) -> UUID:
    """The person behind a decision; raises NotEntitled where there is none."""
    if person is None:
        raise NotEntitled("A decision takes a person.")
    return person


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


def check_entitled(demanded: Iterable[str], held: frozenset[Perm]) -> None:
    """Pass if all that is demanded is held; raises NotEntitled."""
    missing = sorted(set(demanded) - held)
    if missing:
        raise NotEntitled("Your role does not allow this.", permission=missing[0])
