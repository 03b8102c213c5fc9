"""From the margin room's events to its read models."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from brokerage.ledger import codec
from brokerage.ledger.amounts import ZERO
from brokerage.ledger.projection import fold, projection, upsert
from brokerage.ledger.registry import Recorded

from . import events as e
from .models import Call, InterestMonth, MarginAccount, Policy, PriceHold, Sale, SaleFill, SaleLeg
from .rules.calls import Health
from .rules.lifecycle import WAITING, Scope, Stage

DEBIT = (e.Drawn, e.Repaid, e.InterestCharged, e.DeficitRecorded)
"""Events that move the settled debit."""
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
    e.SaleFilled: Stage.PART_EXECUTED,
    e.DeficitRecorded: Stage.DEFICIT,
}
PAID = {e.DeficitSettled: Stage.SETTLED, e.DeficitWrittenOff: Stage.WRITTEN_OFF}


def sale_id(call: UUID, version: int) -> UUID:
    """The id of the sale planned as that version of the call's plans."""
    return uuid5(call, f"sale-{version}")


def leg_id(sale: UUID, number: int) -> UUID:
    """The id of one leg of a sale."""
    return uuid5(sale, f"leg-{number}")


def fill_id(venue_trade: str) -> UUID:
    """The id of the execution the venue calls that: one booking per venue trade."""
    return uuid5(e.POLICY_STREAM, f"fill-{venue_trade}")


def month_id(account: UUID, month: date) -> UUID:
    """The id of an account's interest in the month of that day."""
    return uuid5(account, f"interest-{month:%Y-%m}")


@projection(
    models=(MarginAccount,),
    events=(
        e.AccountOpened,
        e.LimitSet,
        e.WarningRaised,
        e.WarningCleared,
        e.CallIssued,
        *ENDED,
        *PAID,
        e.SaleClosed,
        e.PriceHoldPlaced,
        e.PriceHoldLifted,
        *DEBIT,
    ),
)
def accounts(events: Sequence[Recorded]) -> None:
    """Each margin account as it stands."""
    fold(MarginAccount, events, _account, key=lambda recorded: recorded.stream)


def _account(row: MarginAccount | None, recorded: Recorded) -> MarginAccount:
    event = recorded.event
    if row is None:
        return MarginAccount(
            id=recorded.stream,
            client=event.client,
            currency=event.currency,
            opened_at=recorded.effective_at,
        )
    if isinstance(event, DEBIT):
        row.debit_moved_at = max(filter(None, (row.debit_moved_at, recorded.effective_at)))
    match event:
        case e.LimitSet():
            row.credit_limit = event.limit
        case e.PriceHoldPlaced():
            row.open_hold = event.hold
        case e.PriceHoldLifted():
            row.open_hold = None
        case _:
            _account_in_call(row, event)
    return row


def _account_in_call(row: MarginAccount, event: Any) -> None:
    match event:
        case e.WarningRaised():
            row.warned = True
        case e.WarningCleared():
            row.warned = False
        case e.CallIssued():
            row.open_call, row.warned = event.call, False
        case e.CallMet() | e.CallMetByMarket() | e.CallCancelled() | e.SaleClosed(call_closed=True):
            row.open_call = None
        case e.DeficitSettled() | e.DeficitWrittenOff() if not event.left:
            row.open_call = None


@projection(models=(Policy,), events=(e.PolicyAdopted,))
def policies(events: Sequence[Recorded]) -> None:
    """Each adopted version of the policy."""
    upsert(
        Policy,
        [
            Policy(
                id=uuid5(recorded.stream, str(recorded.event.version)),
                version=recorded.event.version,
                effective_from=recorded.event.effective_from,
                adopted_at=recorded.effective_at,
                reason=recorded.event.reason,
                content=codec.plain(recorded.event.policy),
            )
            for recorded in events
        ],
    )


@projection(
    models=(Call,),
    events=(
        e.CallIssued,
        *ENDED,
        *STAGES,
        *PAID,
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


@projection(
    models=(Sale, SaleLeg, SaleFill),
    events=(e.SalePlanned, e.SaleApproved, e.SaleOrdered, e.SaleFilled, e.SaleClosed),
)
def sales(events: Sequence[Recorded]) -> None:
    """Each plan, its legs and its executions."""
    fold(Sale, events, _sale, key=lambda recorded: recorded.event.sale)
    planned = [recorded for recorded in events if isinstance(recorded.event, e.SalePlanned)]
    filled = [recorded for recorded in events if isinstance(recorded.event, e.SaleFilled)]
    upsert(SaleLeg, [leg for recorded in planned for leg in _legs(recorded.event)])
    fold(SaleLeg, filled, _leg, key=lambda recorded: leg_id(recorded.event.sale, recorded.event.leg))
    upsert(SaleFill, [_fill(recorded) for recorded in filled])


def _sale(row: Sale | None, recorded: Recorded) -> Sale:
    event = recorded.event
    if row is None:
        return Sale(
            id=event.sale,
            call_id=event.call,
            version=event.version,
            state=Sale.State.PLANNED,
            scope=event.scope.value,
            at_most=event.at_most,
            price_set=event.standing.price_set,
            meets_target=event.meets_target,
            deficit=event.deficit,
            planned_at=recorded.effective_at,
        )
    match event:
        case e.SaleApproved():
            row.state, row.approved_at = Sale.State.APPROVED, recorded.effective_at
        case e.SaleOrdered():
            row.state, row.ordered_at = Sale.State.ORDERED, recorded.effective_at
        case e.SaleClosed():
            row.state, row.closed_at = Sale.State.CLOSED, recorded.effective_at
            row.outcome = event.outcome.value
    return row


def _legs(event: e.SalePlanned) -> Iterable[SaleLeg]:
    for number, leg in enumerate(event.legs):
        yield SaleLeg(
            id=leg_id(event.sale, number),
            sale_id=event.sale,
            number=number,
            asset=leg.asset,
            quantity=leg.quantity,
            price=leg.price,
            fx_rate=leg.fx_rate,
            proceeds=leg.proceeds,
        )


def _leg(row: SaleLeg | None, recorded: Recorded) -> SaleLeg:
    event: e.SaleFilled = recorded.event
    if row is None:
        raise LookupError(f"a fill of {event.sale} names leg {event.leg}, which no plan has")
    row.filled += event.quantity
    row.filled_proceeds += event.proceeds
    return row


def _fill(recorded: Recorded) -> SaleFill:
    event: e.SaleFilled = recorded.event
    return SaleFill(
        id=fill_id(event.venue_trade),
        sale_id=event.sale,
        leg=event.leg,
        trade=event.trade,
        venue_trade=event.venue_trade,
        quantity=event.quantity,
        price=event.price,
        proceeds=event.proceeds,
        filled_at=recorded.effective_at,
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


@projection(models=(InterestMonth,), events=(e.InterestAccrued, e.InterestCharged))
def interest_months(events: Sequence[Recorded]) -> None:
    """Each account's interest by month."""
    fold(InterestMonth, events, _month, key=lambda recorded: month_id(recorded.stream, _day(recorded.event)))


def _day(event: e.InterestAccrued | e.InterestCharged) -> date:
    return event.day if isinstance(event, e.InterestAccrued) else event.month


def _month(row: InterestMonth | None, recorded: Recorded) -> InterestMonth:
    event = recorded.event
    day = _day(event)
    month = row or InterestMonth(
        id=month_id(recorded.stream, day), account_id=recorded.stream, month=day.replace(day=1)
    )
    if isinstance(event, e.InterestAccrued):
        month.through = event.day
        month.days += 1
        month.accrued += event.amount
    else:
        month.settled += event.accrued
        month.charged += event.amount
    return month
