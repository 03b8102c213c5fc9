"""The life of a call: which step may follow which, when it expires and what it forbids meanwhile.

FORMULAS, Life of a call. Every function takes the call and the time and returns the call as it
then stands; a step that may not be taken is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from brokerage.ledger.amounts import ZERO
from brokerage.ledger.refusal import Refused

from .exact import exact
from .policy import AssetKind, Deadlines
from .valuation import Quote


class Stage(StrEnum):
    """Where a call stands. NORMAL and WARNING are healths of an account without a call."""

    ISSUED = "call-issued"
    PARTIALLY_MET = "partially-met"
    MET = "met"
    MET_BY_MARKET = "met-by-market"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PLANNED = "liquidation-planned"
    APPROVED = "approved"
    ORDERED = "ordered"
    PART_EXECUTED = "part-executed"
    EXECUTED = "executed"
    CLOSED = "closed"
    DEFICIT = "deficit"
    SETTLED = "settled"
    WRITTEN_OFF = "written-off"


class Step(StrEnum):
    """What can happen to a call."""

    CURE_PART = "cure-part"
    MEET = "meet"
    MEET_BY_MARKET = "meet-by-market"
    EXPIRE = "expire"
    CANCEL = "cancel"
    PLAN = "plan"
    APPROVE = "approve"
    ORDER = "order"
    WITHDRAW = "withdraw"
    FILL = "fill"
    EXECUTE = "execute"
    RESUME = "resume"
    CLOSE = "close"
    RECORD_DEFICIT = "record-deficit"
    SETTLE = "settle"
    WRITE_OFF = "write-off"


class Side(StrEnum):
    """States a call may be in beside its stage."""

    EXTENDED = "extended"
    DISPUTED = "disputed"
    PRICE_HOLD = "price-hold"


class Scope(StrEnum):
    """How much of a call may be enforced: nothing yet, virtual assets up to D_va, or everything."""

    NOTHING = "nothing"
    VA = "va"
    ALL = "all"


WAITING = frozenset({Stage.ISSUED, Stage.PARTIALLY_MET})
SELLING = frozenset(
    {Stage.EXPIRED, Stage.PLANNED, Stage.APPROVED, Stage.ORDERED, Stage.PART_EXECUTED, Stage.EXECUTED}
)
UNSOLD = frozenset({Stage.EXPIRED, Stage.PLANNED, Stage.APPROVED})
ON_ORDER = frozenset({Stage.ORDERED, Stage.PART_EXECUTED})
OVER = frozenset(set(Stage) - WAITING - SELLING - {Stage.DEFICIT})

_CURED = {Step.MEET: Stage.MET, Step.MEET_BY_MARKET: Stage.MET_BY_MARKET, Step.CANCEL: Stage.CANCELLED}
_DECIDED = {Step.PLAN: Stage.PLANNED, Step.EXPIRE: Stage.EXPIRED, **_CURED}
_ON_SALE = {
    Step.FILL: Stage.PART_EXECUTED,
    Step.EXECUTE: Stage.EXECUTED,
    Step.WITHDRAW: Stage.EXPIRED,
}
_ROAD: Mapping[Stage, Mapping[Step, Stage]] = {
    Stage.ISSUED: {Step.CURE_PART: Stage.PARTIALLY_MET, Step.EXPIRE: Stage.EXPIRED, **_CURED},
    Stage.PARTIALLY_MET: {Step.CURE_PART: Stage.PARTIALLY_MET, Step.EXPIRE: Stage.EXPIRED, **_CURED},
    Stage.EXPIRED: {**_DECIDED, Step.RECORD_DEFICIT: Stage.DEFICIT},
    Stage.PLANNED: {**_DECIDED, Step.APPROVE: Stage.APPROVED, Step.WITHDRAW: Stage.EXPIRED},
    Stage.APPROVED: {**_DECIDED, Step.ORDER: Stage.ORDERED, Step.WITHDRAW: Stage.EXPIRED},
    Stage.ORDERED: _ON_SALE,
    Stage.PART_EXECUTED: _ON_SALE,
    Stage.EXECUTED: {
        Step.CLOSE: Stage.CLOSED,
        Step.EXPIRE: Stage.EXPIRED,
        Step.RESUME: Stage.PARTIALLY_MET,
        Step.RECORD_DEFICIT: Stage.DEFICIT,
    },
    Stage.DEFICIT: {Step.SETTLE: Stage.SETTLED, Step.WRITE_OFF: Stage.WRITTEN_OFF},
}


class StepNotPossible(Refused):
    """A step that does not follow from the call's stage."""

    code = "margin.call-step-not-possible"


class NotYetDue(Refused):
    """An expiry before its deadline, or a second time."""

    code = "margin.call-not-yet-due"


class PriceOnHold(Refused):
    """A step that rests on a price in doubt, without a second person's approval."""

    code = "margin.price-on-hold"


class ExtensionNotAllowed(Refused):
    """An extension without reason, of no deadline, to an earlier time or beyond the policy's longest."""

    code = "margin.extension-not-allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One margin call. Amounts are in base currency, instants aware.

    `expired` is how much has been declared expired so far. `met_since` is when the market alone
    first met it, as long as it still does.
    """

    stage: Stage
    issued_at: datetime
    amount: Decimal
    securities_amount: Decimal
    va_amount: Decimal
    securities_due_at: datetime | None
    va_due_at: datetime | None
    sides: tuple[Side, ...] = ()
    expired: Scope = Scope.NOTHING
    met_since: datetime | None = None


def credit_stopped(call: Call | None) -> bool:
    """Whether new credit, withdrawals and risk-increasing trades are forbidden: until the call is over."""
    return call is not None and call.stage not in OVER


def following(stage: Stage, step: Step) -> Stage:
    """The stage a step leads to; commands ask before the fact, the read model after. Or StepNotPossible."""
    then = _ROAD.get(stage, {}).get(step)
    if then is None:
        raise StepNotPossible(f"A call that is {stage} cannot {step}.", stage=str(stage), step=str(step))
    return then


def advance(call: Call, step: Step, *, second_person: bool = False) -> Call:
    """The call after the step; raises StepNotPossible, or PriceOnHold where a doubtful price forbids it.

    With PRICE_HOLD, expiry and sale go on only with a second person's approval.
    """
    stage = following(call.stage, step)
    held = Side.PRICE_HOLD in call.sides and step in (Step.EXPIRE, Step.APPROVE, Step.ORDER)
    if held and not second_person:
        raise PriceOnHold("The price is in doubt: a second person must approve this step.", step=str(step))
    return replace(call, stage=stage)


def enforceable(call: Call, now: datetime) -> Scope:
    """How much of the call has passed its deadline: ALL once no part of it has time left."""
    dues = [at for at in (call.securities_due_at, call.va_due_at) if at is not None]
    if dues and max(dues) <= now:
        return Scope.ALL
    if call.va_due_at is not None and call.va_due_at <= now:
        return Scope.VA
    return Scope.NOTHING


def expiry_due(call: Call, now: datetime) -> bool:
    """Whether an expiry is to be recorded now: each deadline fires once, however late it is noticed."""
    scope = enforceable(call, now)
    may_expire = Step.EXPIRE in _ROAD.get(call.stage, {})
    # What has expired whole, by the hard trigger perhaps, has no part left to expire.
    return may_expire and scope is not Scope.NOTHING and call.expired not in (scope, Scope.ALL)


def expire(call: Call, now: datetime, *, second_person: bool = False) -> Call:
    """The call with its passed deadlines declared; raises NotYetDue, StepNotPossible or PriceOnHold."""
    if call.stage not in OVER and not expiry_due(call, now):
        raise NotYetDue("No deadline of this call has newly passed.", now=now.isoformat())
    expired = advance(call, Step.EXPIRE, second_person=second_person)
    return replace(expired, expired=enforceable(call, now), met_since=None)


def void_deadlines(call: Call, at: datetime) -> Call:
    """The hard trigger: whatever time was left is gone."""

    def sooner(due: datetime | None) -> datetime | None:
        return None if due is None else min(due, at)

    return replace(call, securities_due_at=sooner(call.securities_due_at), va_due_at=sooner(call.va_due_at))


def reassess(call: Call, now: datetime, *, met: bool, cured: bool, dwell_minutes: int) -> Call:
    """The call after a revaluation.

    `met` is the met condition at present prices; `cured` says that cleared money, cleared assets or
    a sale counted since the last look. Cured and met is MET; met by prices alone becomes
    MET_BY_MARKET once it has lasted the dwell time; cured but not met is PARTIALLY_MET. Once a
    sale is ordered only its fills move the call.
    """
    if Step.MEET not in _ROAD.get(call.stage, {}):
        return call
    if not met:
        waiting = replace(call, met_since=None)
        return advance(waiting, Step.CURE_PART) if cured and call.stage in WAITING else waiting
    if cured:
        return advance(call, Step.MEET)
    since = call.met_since or now
    if now - since >= timedelta(minutes=dwell_minutes):
        return advance(call, Step.MEET_BY_MARKET)
    return replace(call, met_since=since)


def extend(
    call: Call,
    part: AssetKind,
    until: datetime,
    deadlines: Deadlines,
    *,
    reason: str,
) -> Call:
    """The call with one part due later, within the policy's longest extension.

    Raises ExtensionNotAllowed and StepNotPossible (only a waiting call can be extended).
    """
    if call.stage not in WAITING:
        raise StepNotPossible(f"A call that is {call.stage} cannot be extended.", stage=str(call.stage))
    of_va = part is AssetKind.VA
    due = call.va_due_at if of_va else call.securities_due_at
    longest = timedelta(hours=deadlines.longest_extension_hours)
    over = of_va and call.expired is not Scope.NOTHING
    # A VA part that outlasts the securities part would keep that from expiring: a deadline moved silently.
    beyond = of_va and call.securities_due_at is not None and until > call.securities_due_at
    if not reason.strip() or over or beyond or due is None or not due < until <= due + longest:
        raise ExtensionNotAllowed(
            f"Give a reason and a time at most {longest} after a deadline that still runs.",
            until=until.isoformat(),
        )
    extended = with_side(call, Side.EXTENDED)
    return replace(extended, va_due_at=until) if of_va else replace(extended, securities_due_at=until)


def with_side(call: Call, side: Side) -> Call:
    """The call with a side state set; a dispute stops nothing by itself."""
    return replace(call, sides=tuple(sorted({*call.sides, side})))


@exact
def plan_outdated(planned: Mapping[str, Quote], now: Mapping[str, Quote], limit: Decimal) -> bool:
    """Whether any planned asset's price in base currency has moved by more than `limit` (a fraction)."""
    for asset, before in planned.items():
        old = before.price * before.fx_rate
        new = now[asset].price * now[asset].fx_rate if asset in now else ZERO
        if abs(new - old) > limit * old:
            return True
    return False


def order_key(call_id: str, plan_version: int, leg: int) -> str:
    """The idempotency key of one sell order: the same leg of the same plan is never sent twice."""
    return f"margin.sell:{call_id}:{plan_version}:{leg}"
