"""Calls and price holds, folded from their events."""

from collections.abc import Sequence
from typing import Any

from brokerage.ledger.amounts import ZERO
from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from .. import events as e
from ..models import Call, PriceHold
from ..rules.calls import Health
from ..rules.identity import sale_id
from ..rules.lifecycle import ON_ORDER, OVER, WAITING, Scope, Stage, Step, following

ENDED = {
    e.CallMet: Step.MEET,
    e.CallMetByMarket: Step.MEET_BY_MARKET,
    e.CallCancelled: Step.CANCEL,
}
PAID = {e.DeficitSettled: Step.SETTLE, e.DeficitWrittenOff: Step.WRITE_OFF}
STEPS = {
    **ENDED,
    e.CallExpired: Step.EXPIRE,
    e.SalePlanned: Step.PLAN,
    e.SaleApproved: Step.APPROVE,
    e.SaleOrdered: Step.ORDER,
    e.DeficitRecorded: Step.RECORD_DEFICIT,
}
WITHDRAWN = (e.Outcome.SUPERSEDED, e.Outcome.CURED, e.Outcome.STOPPED)
"""How a sale ends that leaves its call as it was before: expired."""


@projection(
    models=(Call,),
    events=(
        e.CallIssued,
        *STEPS,
        *PAID,
        e.SaleFilled,
        e.CallPartMet,
        e.CallRelieved,
        e.CallReliefLost,
        e.CallExtended,
        e.CallDisputed,
        e.SaleClosed,
    ),
)
def calls(events: Sequence[Recorded]) -> None:
    """Each call as it stands."""
    fold(Call, events, _call, key=lambda recorded: recorded.event.call)


def _call(row: Call | None, recorded: Recorded) -> Call:
    event = recorded.event
    if row is None:
        return _issued(recorded)
    for step in _steps(row, event):
        row.stage = following(Stage(row.stage), step).value
    if row.is_open and row.stage in OVER:
        row.is_open, row.ended_at = False, recorded.effective_at
    match event:
        case e.CallExtended():
            row.extended = True
            setattr(row, f"{event.part.value}_due_at", event.due_at)
        case e.CallDisputed():
            row.disputed = True
        case e.SalePlanned():
            row.plan_version = event.version
        case _:
            _towards_target(row, recorded)
    return row


def _steps(row: Call, event: Any) -> tuple[Step, ...]:
    """The steps that an event took, in order."""
    match event:
        case e.CallPartMet():
            return (Step.CURE_PART,) if row.stage in WAITING else ()
        case e.DeficitSettled() | e.DeficitWrittenOff():
            return () if event.left else (PAID[type(event)],)
        case e.SaleFilled():
            # A fill the venue made before a cancellation arrived belongs to a sale that has ended.
            current = row.stage in ON_ORDER and event.sale == sale_id(row.id, row.plan_version)
            return (Step.FILL,) if current else ()
        case e.SaleClosed():
            return _closing(row, event)
    return (STEPS[type(event)],) if type(event) in STEPS else ()


def _closing(row: Call, event: e.SaleClosed) -> tuple[Step, ...]:
    """What a closed sale does to its call: ends it, or leaves it where its deadlines put it."""
    if event.call_closed:
        return Step.EXECUTE, Step.CLOSE
    if event.outcome in WITHDRAWN:
        return (Step.WITHDRAW,)
    if event.outcome is e.Outcome.SOLD_OUT:
        return (Step.EXECUTE,)  # the deficit that follows takes the next step
    return Step.EXECUTE, Step.EXPIRE if row.expired == Scope.ALL.value else Step.RESUME


def _towards_target(row: Call, recorded: Recorded) -> None:
    event = recorded.event
    match event:
        case e.CallPartMet():
            row.securities_left, row.va_left, row.met_since = event.securities_left, event.va_left, None
        case e.SaleClosed() if row.stage == Stage.PARTIALLY_MET:
            row.va_left = ZERO
        case e.CallRelieved():
            row.met_since = recorded.effective_at
        case e.CallReliefLost():
            row.met_since = None
        case e.CallExpired():
            row.expired, row.expired_at, row.met_since = event.scope.value, recorded.effective_at, None


def _issued(recorded: Recorded) -> Call:
    event: e.CallIssued = recorded.event
    standing = event.standing
    return Call(
        id=event.call,
        account_id=recorded.stream,
        stage=Stage.ISSUED.value,
        currency=event.currency,
        price_set=standing.price_set,
        policy_version=standing.policy_version,
        hard=standing.health is Health.HARD,
        loan=standing.loan,
        credit_limit=standing.limit,
        lending_value=standing.lending_value,
        shortfall=standing.shortfall,
        amount=standing.call_amount,
        securities=event.securities,
        va=event.va,
        securities_left=event.securities,
        va_left=event.va,
        issued_at=recorded.effective_at,
        issued_version=recorded.version,
        securities_due_at=event.securities_due_at,
        va_due_at=event.va_due_at,
    )


@projection(models=(PriceHold,), events=(e.PriceHoldPlaced, e.PriceHoldLifted))
def price_holds(events: Sequence[Recorded]) -> None:
    """Each price hold."""
    fold(PriceHold, events, _hold, key=lambda recorded: recorded.event.hold)


def _hold(row: PriceHold | None, recorded: Recorded) -> PriceHold:
    event = recorded.event
    if row is not None:
        row.lifted_at = recorded.effective_at
        return row
    return PriceHold(
        id=event.hold,
        account_id=recorded.stream,
        assets=list(event.assets),
        price_set=event.standing.price_set,
        placed_at=recorded.effective_at,
    )
