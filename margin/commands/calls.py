"""Commands on many accounts' standing, and on one call: assess, expire, extend, dispute, cancel."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, partial
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.amounts import ZERO
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused, check_reason
from brokerage.market import queries as market

from .. import queries
from ..events import CallCancelled, CallDisputed, CallExtended, Cause, Outcome
from ..models import Call
from ..queries import UnknownCall
from ..rules import lifecycle
from ..rules.lifecycle import Scope, Step
from ..rules.policy import AssetKind
from . import progress
from .case import Case, case, cases
from .view import judge, view

MOST = 100
"""Accounts in one entry: enough to spread its cost, few enough to keep locks short."""


class TooManyAccounts(Refused):
    """More accounts than one entry takes."""

    code = "margin.too-many-accounts"


@command("margin.assess")
def assess(
    entry: Entry, *, accounts: Sequence[UUID], price_set: UUID, calm_set: UUID | None = None
) -> tuple[UUID, ...]:
    """Judge up to 100 accounts exactly at a price set and record what changed; returns those that did.

    Raises and lowers warnings, places and lifts price holds, issues calls, notes relief by prices and
    enforces the hard trigger. `calm_set` is the set of the assessment before, which decides how much
    of a new call is due to virtual assets: by default the last at which the revaluation found the
    account not in call. Raises NothingToDo when no account changes or newer prices were adopted,
    TooManyAccounts, UnknownMarginAccount, NoPolicy and PriceMissing.
    """
    seen = cache(partial(view, entry))
    calm_sets = queries.calm_sets(accounts) if calm_set is None else dict.fromkeys(accounts, calm_set)
    changed = []
    for each in _judged_at(entry, accounts, price_set):
        calm = seen(each.currency, calm_sets[each.id]) if each.id in calm_sets else None
        if progress.revalue(each, seen(each.currency, price_set), calm):
            changed.append(each.id)
    return done(changed)


@command("margin.expire-calls")
def expire_calls(entry: Entry, *, accounts: Sequence[UUID], price_set: UUID) -> tuple[UUID, ...]:
    """Declare the passed deadlines of up to 100 accounts' calls, each once; returns the accounts concerned.

    A part that cures have covered does not expire, nor a call that prices meet at this moment, nor
    one under a price hold. Raises NothingToDo when there is none, and as `assess`.
    """
    changed = []
    for each in _judged_at(entry, accounts, price_set):
        if each.call is not None and _expire(each, each.call, price_set):
            changed.append(each.id)
    return done(changed)


@command("margin.extend-call")
def extend_call(entry: Entry, *, account: UUID, part: AssetKind, until: datetime, reason: str) -> None:
    """Move the deadline of one part of the open call, by two people, within the policy's longest extension.

    Raises UnknownCall, SecondPersonNeeded, ExtensionNotAllowed or StepNotPossible.
    """
    each, call = with_call(entry, account)
    seen = view(entry, each.currency, None)
    life = call.life(held=each.account.open_hold is not None)
    extended = lifecycle.extend(life, part, until, seen.policy.deadlines, reason=reason)
    entry.second_person(Perm.APPROVE_CALLS, account=account, client=each.account.client)
    before, after = (
        (life.va_due_at, extended.va_due_at)
        if part is AssetKind.VA
        else (life.securities_due_at, extended.securities_due_at)
    )
    if before is not None and after is not None:
        each.record(CallExtended(call=call.id, part=part, due_before=before, due_at=after, reason=reason))


@command("margin.dispute-call")
def dispute_call(entry: Entry, *, account: UUID, reason: str) -> None:
    """Note that the client contests the open call; its deadlines go on. Raises UnknownCall, ReasonMissing."""
    each, call = with_call(entry, account)
    check_reason("margin", reason, "Say why.")
    each.record(CallDisputed(call=call.id, reason=reason))


@command("margin.cancel-call")
def cancel_call(entry: Entry, *, account: UUID, reason: str) -> None:
    """Withdraw the open call, by two people; a plan that is not ordered ends with it.

    Raises UnknownCall, ReasonMissing, SecondPersonNeeded or StepNotPossible (once a sale is ordered).
    """
    each, call = with_call(entry, account)
    check_reason("margin", reason, "Say why.")
    lifecycle.advance(call.life(held=False), Step.CANCEL)
    entry.second_person(Perm.APPROVE_CALLS, account=account, client=each.account.client)
    seen = view(entry, each.currency, None)
    progress.close_plan(each, seen, judge(each.book, seen), Outcome.SUPERSEDED)
    each.record(CallCancelled(call=call.id, reason=reason))


def _judged_at(entry: Entry, accounts: Sequence[UUID], price_set: UUID) -> list[Case]:
    """The accounts, opened, if no newer prices were adopted: a book of today is not judged at older ones.

    Asked under the locks, so that whoever acted at newer prices before is seen.
    """
    opened_cases = opened(entry, accounts)
    newest = market.latest_price_set()
    if newest is not None and newest.id != market.price_set(price_set).id:
        raise NothingToDo("Newer prices were adopted meanwhile; judge at those.", newest=newest.id)
    return opened_cases


def _expire(each: Case, call: Call, price_set: UUID) -> bool:
    life = call.life(held=False)
    now = each.entry.effective_at
    if each.account.open_hold is not None or not lifecycle.expiry_due(life, now):
        return False
    if lifecycle.enforceable(life, now) is Scope.VA and call.va_left == ZERO:
        return False
    seen = view(each.entry, each.currency, price_set)
    judged = judge(each.book, seen)
    if judged.hold or judged.is_met(seen.policy):
        return False
    progress.expire(each, call, seen, judged, life, Cause.DEADLINE)
    return True


def opened(entry: Entry, accounts: Sequence[UUID]) -> list[Case]:
    """Lock and load up to 100 accounts; raises TooManyAccounts or UnknownMarginAccount."""
    if len(accounts) > MOST:
        raise TooManyAccounts(f"One entry takes at most {MOST} accounts.", count=len(accounts))
    return cases(entry, accounts)


def done(changed: Sequence[UUID]) -> tuple[UUID, ...]:
    """The accounts that changed; raises NothingToDo when there are none."""
    if not changed:
        raise NothingToDo("No account changes.")
    return tuple(changed)


def with_call(entry: Entry, account: UUID) -> tuple[Case, Call]:
    """Lock and load an account with its open call; raises UnknownMarginAccount or UnknownCall."""
    each = case(entry, account)
    if each.call is None:
        raise UnknownCall("The account has no open call.", account=account)
    return each, each.call
