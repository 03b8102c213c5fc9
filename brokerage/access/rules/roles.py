"""Rights, and the roles that hold them.

Rights are code: they change by review and release, never by a row somebody edits.
"""

from collections.abc import Iterable
from enum import StrEnum


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


def permissions(roles: Iterable[str]) -> frozenset[Perm]:
    """All rights of these roles; a name that is no role adds none."""
    return frozenset(perm for role in Role if role in set(roles) for perm in ROLES[role])


def making(approving: str) -> Perm | None:
    """The right to propose what holders of `approving` approve; None where there is no such right."""
    name = approving.replace(".approve_", ".make_")
    return Perm(name) if name != approving and name in set(Perm) else None
