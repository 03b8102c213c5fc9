"""Steps in the life of a call: what a revaluation, a cure or a passed deadline does to one account."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from brokerage.jobs import outbox
from brokerage.ledger import seams
from brokerage.ledger.amounts import ZERO, up

from .. import queries
from ..events import (
    CallExpired,
    CallIssued,
    CallMet,
    CallMetByMarket,
    CallPartMet,
    CallReliefLost,
    CallRelieved,
    Cause,
    Outcome,
    PriceHoldLifted,
    PriceHoldPlaced,
    SaleClosed,
    WarningCleared,
    WarningRaised,
)
from ..models import Call, Sale, SaleLeg
from ..rules import lifecycle
from ..rules.calls import Health, split_call
from ..rules.deadlines import due
from ..rules.lifecycle import ON_ORDER, Scope, Stage, order_key
from ..rules.valuation import Quote
from .case import Case
from .view import Judged, View, evidence, judge, standing

CANCEL = "margin.cancel-order"
"""The kind of an outbox message that takes back what is left of a sell order."""


def revalue(case: Case, seen: View, calm: View | None) -> bool:
    """Record what changed for the account at these prices; whether anything did.

    `calm` holds the prices of the assessment before this one; it decides which part of a new call
    is due to virtual assets.
    """
    judged = judge(case.book, seen)
    recorded = case.recorded
    _hold(case, seen, judged)
    if case.call is not None:
        if not judged.hold:
            _follow(case, case.call, seen, judged)
    elif judged.health.in_call and not judged.hold:
        _issue(case, seen, judged, calm)
    else:
        _warn(case, seen, judged)
    return case.recorded > recorded


def cure(case: Case, seen: View, before: Judged) -> None:
    """Count what this entry brought in towards the open call: met, met in part, or no help.

    `before` is the account at the same prices without it. Once a sale is ordered, what comes in
    moves the call only if it meets it: then what is left of the orders is taken back.
    """
    call = case.call
    if call is None:
        return
    after = judge(case.book, seen)
    if Stage(call.stage) in ON_ORDER:
        plan = queries.current_sale(call.id)
        if plan is not None and after.is_surely_met(seen.policy):
            close_order(case, call, plan, list(plan.legs.all()), seen, Outcome.TARGET_MET)
        return
    life = call.life(held=False)
    now = case.entry.effective_at
    met = after.is_surely_met(seen.policy)
    if lifecycle.reassess(life, now, met=met, cured=True, dwell_minutes=0) is life:
        return
    cured = up(before.assessment.call_amount, case.places) - up(after.assessment.call_amount, case.places)
    if met:
        close_plan(case, seen, after, Outcome.CURED)
        case.record(CallMet(call=call.id, standing=standing(after, seen, case.places)))
    elif cured > ZERO:
        securities_left, va_left = _left(call, cured)
        case.record(
            CallPartMet(
                call=call.id,
                cured=cured,
                securities_left=securities_left,
                va_left=va_left,
                standing=standing(after, seen, case.places),
            )
        )


def expire(case: Case, call: Call, seen: View, judged: Judged, life: lifecycle.Call, cause: Cause) -> None:
    """Declare what is past its deadline in `life`; a plan for less than that is superseded."""
    expired = lifecycle.expire(life, case.entry.effective_at)
    close_plan(case, seen, judged, Outcome.SUPERSEDED)
    at_stake = call.va_left if expired.expired is Scope.VA else judged.assessment.call_amount
    case.record(
        CallExpired(
            call=call.id,
            scope=expired.expired,
            cause=cause,
            unmet=up(at_stake, case.places),
            standing=standing(judged, seen, case.places),
        )
    )


def close_plan(case: Case, seen: View, judged: Judged, outcome: Outcome) -> None:
    """Close a plan that is not ordered yet, if the account's call has one."""
    call = case.call
    if call is None or Stage(call.stage) not in (Stage.PLANNED, Stage.APPROVED):
        return
    plan = queries.current_sale(call.id)
    if plan is not None:
        case.record(
            SaleClosed(
                sale=plan.id,
                call=call.id,
                outcome=outcome,
                call_closed=False,
                standing=standing(judged, seen, case.places),
            )
        )


def close_order(
    case: Case, call: Call, plan: Sale, legs: Sequence[SaleLeg], seen: View, outcome: Outcome
) -> None:
    """Close an ordered sale; the venue is asked to take back what is left of `legs`, its orders."""
    for leg in legs:
        if leg.filled < leg.quantity:
            key = order_key(str(call.id), plan.version, leg.number)
            payload = {"account": str(case.id), "order": key, "sale": str(plan.id), "leg": leg.number}
            outbox.put(CANCEL, f"{key}:cancel", payload)
    case.record(
        SaleClosed(
            sale=plan.id,
            call=call.id,
            outcome=outcome,
            call_closed=outcome is Outcome.TARGET_MET,
            standing=standing(judge(case.book, seen), seen, case.places),
        )
    )


def _hold(case: Case, seen: View, judged: Judged) -> None:
    """Place a hold when doubtful prices decide whether the account is in call; lift it when they do not."""
    open_hold = case.account.open_hold
    numbers = standing(judged, seen, case.places)
    if judged.hold and open_hold is None:
        case.record(PriceHoldPlaced(hold=seams.new_id(), assets=judged.doubtful, standing=numbers))
    elif not judged.hold and open_hold is not None:
        case.record(PriceHoldLifted(hold=open_hold, standing=numbers))


def _warn(case: Case, seen: View, judged: Judged) -> None:
    warned = judged.health is not Health.NORMAL
    if warned != case.account.warned:
        change = WarningRaised if warned else WarningCleared
        case.record(change(standing=standing(judged, seen, case.places)))


def _issue(case: Case, seen: View, judged: Judged, calm: View | None) -> None:
    """Issue a call; beyond the hard trigger its deadlines end at once."""
    now = case.entry.effective_at
    policy, quotes = seen.policy, seen.prices.quotes
    before: Mapping[str, Quote] = calm.prices.quotes if calm is not None else {}
    split = split_call(judged.assessment.book, quotes, before, policy, case.places)
    deadlines = due(now, split, policy.deadlines, seen.bank_days)
    groups = {group.name: group.cap for group in judged.assessment.valuation.groups}
    event = CallIssued(
        call=seams.new_id(),
        currency=case.currency,
        standing=standing(judged, seen, case.places),
        securities=split.securities,
        va=split.va,
        securities_due_at=deadlines.securities_at,
        va_due_at=deadlines.va_at,
        calm_price_set=calm.prices.price_set if calm is not None else None,
        triggers=policy.triggers,
        target=policy.target,
        caps={name: cap for name, cap in groups.items() if cap is not None},
        positions=evidence(judged, seen, before),
    )
    case.record(event)
    if judged.health is Health.HARD:
        case.record(
            CallExpired(
                call=event.call,
                scope=Scope.ALL,
                cause=Cause.HARD_TRIGGER,
                unmet=split.total,
                standing=event.standing,
            )
        )


def _follow(case: Case, call: Call, seen: View, judged: Judged) -> None:
    """What prices alone did to an open call: relief and its end, or the hard trigger."""
    now = case.entry.effective_at
    life = call.life(held=False)
    met = judged.is_surely_met(seen.policy)
    then = lifecycle.reassess(life, now, met=met, cured=False, dwell_minutes=seen.policy.dwell_minutes)
    numbers = standing(judged, seen, case.places)
    if then.stage is Stage.MET_BY_MARKET:
        close_plan(case, seen, judged, Outcome.CURED)
        case.record(CallMetByMarket(call=call.id, relieved_at=life.met_since or now, standing=numbers))
    elif then.met_since and not life.met_since:
        case.record(CallRelieved(call=call.id, standing=numbers))
    elif life.met_since and not then.met_since:
        case.record(CallReliefLost(call=call.id, standing=numbers))
    if judged.health is Health.HARD:
        voided = lifecycle.void_deadlines(life, now)
        if lifecycle.expiry_due(voided, now):
            expire(case, call, seen, judged, voided, Cause.HARD_TRIGGER)


def _left(call: Call, cured: Decimal) -> tuple[Decimal, Decimal]:
    """What is left of (securities, va) after a cure, which pays the part that is due first."""
    va_first = call.va_due_at is not None and (
        call.securities_due_at is None or call.va_due_at <= call.securities_due_at
    )
    first = call.va_left if va_first else call.securities_left
    from_first = min(first, cured)
    from_second = min(call.securities_left + call.va_left - first, cured - from_first)
    va_part, securities_part = (from_first, from_second) if va_first else (from_second, from_first)
    return call.securities_left - securities_part, call.va_left - va_part
