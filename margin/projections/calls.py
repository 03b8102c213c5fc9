"""Calls and price holds, folded from their events."""

from collections.abc import Sequence

from brokerage.ledger.amounts import ZERO
from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from .. import events as e
from ..models import Call, PriceHold
from ..rules.calls import Health
from ..rules.identity import sale_id
from ..rules.lifecycle import WAITING, Scope, Stage

ENDED = {
    e.CallMet: Stage.MET,
    e.CallMetByMarket: Stage.MET_BY_MARKET,
    e.CallCancelled: Stage.CANCELLED,
}
STAGES = {
    e.CallExpired: Stage.EXPIRED,
    e.SalePlanned: Stage.PLANNED,
    e.SaleApproved: Stage.APPROVED,
    e.SaleOrdered: Stage.ORDERED,
    e.DeficitRecorded: Stage.DEFICIT,
}
PAID = {e.DeficitSettled: Stage.SETTLED, e.DeficitWrittenOff: Stage.WRITTEN_OFF}


@projection(
    models=(Call,),
    events=(
        e.CallIssued,
        *ENDED,
        *STAGES,
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
    if type(event) in STAGES:
        row.stage = STAGES[type(event)].value
    if type(event) in ENDED:
        _end(row, ENDED[type(event)], recorded)
    if type(event) in PAID and not event.left:
        _end(row, PAID[type(event)], recorded)
    match event:
        case e.CallExtended():
            row.extended = True
            setattr(row, f"{event.part.value}_due_at", event.due_at)
        case e.CallDisputed():
            row.disputed = True
        case e.SalePlanned():
            row.plan_version = event.version
        case e.SaleFilled():
            # A fill the venue made before a cancellation arrived belongs to a sale that has ended.
            if row.stage == Stage.ORDERED and event.sale == sale_id(row.id, row.plan_version):
                row.stage = Stage.PART_EXECUTED.value
        case e.SaleClosed():
            _after_sale(row, recorded)
        case _:
            _towards_target(row, recorded)
    return row


def _towards_target(row: Call, recorded: Recorded) -> None:
    event = recorded.event
    match event:
        case e.CallPartMet():
            row.securities_left, row.va_left, row.met_since = event.securities_left, event.va_left, None
            if row.stage in WAITING:
                row.stage = Stage.PARTIALLY_MET.value
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


def _end(row: Call, stage: Stage, recorded: Recorded) -> None:
    row.stage, row.is_open, row.ended_at = stage.value, False, recorded.effective_at


def _after_sale(row: Call, recorded: Recorded) -> None:
    """A closed sale ends the call, or leaves it where its deadlines put it."""
    event: e.SaleClosed = recorded.event
    if event.call_closed:
        _end(row, Stage.CLOSED, recorded)
    elif (
        event.outcome in (e.Outcome.SUPERSEDED, e.Outcome.CURED, e.Outcome.STOPPED)
        or row.expired == Scope.ALL.value
    ):
        row.stage = Stage.EXPIRED.value
    else:
        row.stage, row.va_left = Stage.PARTIALLY_MET.value, ZERO


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
