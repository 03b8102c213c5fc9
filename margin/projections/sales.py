"""Plans of forced sales, their legs and their executions, folded from their events."""

from collections.abc import Iterable, Sequence

from brokerage.ledger.projection import fold, projection, upsert
from brokerage.ledger.registry import Recorded

from .. import events as e
from ..models import Sale, SaleFill, SaleLeg
from ..rules.identity import fill_id, leg_id


@projection(
    models=(Sale, SaleLeg, SaleFill),
    events=(e.SalePlanned, e.SaleApproved, e.SaleOrdered, e.SaleFilled, e.SaleClosed, e.OrderReleased),
)
def sales(events: Sequence[Recorded]) -> None:
    """Each plan, its legs and its executions."""
    fold(Sale, events, _sale, key=lambda recorded: recorded.event.sale)
    planned = [recorded for recorded in events if isinstance(recorded.event, e.SalePlanned)]
    filled = [recorded for recorded in events if isinstance(recorded.event, e.SaleFilled)]
    orders = [recorded for recorded in events if isinstance(recorded.event, e.SaleFilled | e.OrderReleased)]
    upsert(SaleLeg, [leg for recorded in planned for leg in _legs(recorded.event)])
    fold(SaleLeg, orders, _leg, key=lambda recorded: leg_id(recorded.event.sale, recorded.event.leg))
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
    event: e.SaleFilled | e.OrderReleased = recorded.event
    if row is None:
        raise LookupError(f"{recorded.kind} of {event.sale} names leg {event.leg}, which no plan has")
    if isinstance(event, e.OrderReleased):
        row.quantity -= event.quantity
        return row
    row.filled += event.quantity
    row.filled_proceeds += event.proceeds
    return row


def _fill(recorded: Recorded) -> SaleFill:
    event: e.SaleFilled = recorded.event
    return SaleFill(
        id=fill_id(event.sale, event.leg, event.venue_trade),
        sale_id=event.sale,
        leg=event.leg,
        trade=event.trade,
        venue_trade=event.venue_trade,
        quantity=event.quantity,
        price=event.price,
        proceeds=event.proceeds,
        filled_at=recorded.effective_at,
    )
