"""Executions of a forced sale, its end, and the deficit it may leave.

Each fill repays the loan and is judged again: selling stops at the target.
"""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger import queries as ledger
from brokerage.ledger.amounts import EXACT, ZERO, half_up, positive
from brokerage.ledger.chart import FIRM, Account, Posting, Role
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused, check_reason
from custody.rules import Side

from ..events import DeficitRecorded, DeficitWrittenOff, OrderReleased, Outcome, SaleFilled, Source
from ..models import Call, InterestMonth, Sale, SaleFill, SaleLeg
from ..queries import has_something_to_sell
from ..rules import lifecycle
from ..rules.identity import fill_id
from ..rules.second_person import write_off_takes_two
from ..rules.valuation import quote_of
from . import debit
from .calls import with_call
from .case import Case, case
from .progress import close_order
from .sales import NotThisSale, current
from .view import View, judge, view

PLACES = 18


class FillBeyondOrder(Refused):
    """An execution of more than is left of the order, or of a leg the plan does not have."""

    code = "margin.fill-beyond-order"


class FillContradicts(Refused):
    """An execution that was booked before with another quantity or price."""

    code = "margin.fill-contradicts"


class StillSellable(Refused):
    """A deficit is recorded when nothing is left to sell."""

    code = "margin.still-sellable"


class DeficitNotOwed(Refused):
    """A write-off of more than the deficit."""

    code = "margin.deficit-not-owed"


@command("margin.fill-sale")
def fill_sale(
    entry: Entry,
    *,
    account: UUID,
    sale: UUID,
    leg: int,
    venue_trade: str,
    quantity: Decimal,
    price: Decimal,
    price_set: UUID,
    cost: Decimal | None = None,
) -> UUID:
    """Book one execution of a sell order, once per venue trade, and repay; returns the trade.

    `price` is in the instrument's currency, `cost` in base currency, by default the policy's. When
    the target is met, what is left of the orders is taken back and sale and call close; when all is
    filled the sale closes, and a deficit is recorded if nothing is left to sell. Raises NothingToDo
    for an execution booked before, FillContradicts for one booked otherwise, NotThisSale,
    FillBeyondOrder, and as custody's trade_step.

    What the venue sold before a cancellation reached it is booked and repays too, though the sale has
    closed: it was reserved until then, and moves neither the sale nor its call.
    """
    each = case(entry, account)
    _check_new(fill_id(sale, leg, venue_trade), quantity, price)
    plan = _ordered_sale(each, sale)
    seen = view(entry, each.currency, price_set)
    legs = list(plan.legs.order_by("number"))
    ordered = _ordered_leg(legs, leg, quantity)
    quote = quote_of(seen.prices.quotes, ordered.asset)
    unit = half_up(EXACT.multiply(positive(price, name="price"), quote.fx_rate), PLACES)
    gross = EXACT.multiply(quantity, unit)
    paid = half_up(EXACT.multiply(gross, seen.policy.trade_cost), each.places) if cost is None else cost
    number, trade = each.trade(Side.SELL, ordered.asset, quantity, unit, paid, by_house=True)
    debit.settle(each, Source.FORCED_SALE, trade=number)
    each.record(
        SaleFilled(
            sale=sale,
            call=plan.call_id,
            leg=leg,
            trade=number,
            venue_trade=venue_trade,
            asset=ordered.asset,
            quantity=quantity,
            price=price,
            fx_rate=quote.fx_rate,
            cost=paid,
            proceeds=trade.due,
        )
    )
    ordered.filled += quantity
    ordered.filled_proceeds += trade.due
    if plan.state == Sale.State.ORDERED:
        _after_fill(each, plan, legs, seen)
    return number


@command("margin.close-sale")
def close_sale(entry: Entry, *, account: UUID, sale: UUID) -> None:
    """Stop an ordered sale: what is left of its orders is taken back; the call ends if the target is met.

    Raises NotThisSale, UnknownCall.
    """
    each = case(entry, account)
    call, plan = current(each, sale, Sale.State.ORDERED)
    seen = view(entry, each.currency, None)
    met = judge(each.book, seen).is_surely_met(seen.policy)
    outcome = Outcome.TARGET_MET if met else Outcome.STOPPED
    close_order(each, call, plan, list(plan.legs.all()), seen, outcome)


@command("margin.release-order")
def release_order(entry: Entry, *, account: UUID, sale: UUID, leg: int) -> Decimal:
    """The venue has taken back what was left of an order of a closed sale: it is free again. Returns it.

    Until then it stays reserved, for the venue may have sold it before the cancellation arrived.
    Raises NothingToDo when nothing is left, NotThisSale while the sale goes on.
    """
    each = case(entry, account)
    plan = _ordered_sale(each, sale)
    order = plan.legs.filter(number=leg).first()
    if plan.state != Sale.State.CLOSED or order is None:
        raise NotThisSale("Close the sale first: its orders are out.", sale=sale, leg=leg, account=account)
    left = order.quantity - order.filled
    if not left:
        raise NothingToDo("Nothing is left of this order.", sale=sale, leg=leg)
    released = OrderReleased(sale=sale, call=plan.call_id, leg=leg, asset=order.asset, quantity=left)
    each.record(released, *each.reserve(order.asset, -left))
    return left


@command("margin.record-deficit")
def record_deficit(entry: Entry, *, account: UUID) -> Decimal:
    """Turn the loan of an expired call into a deficit, once only dust is left; returns the amount.

    Raises StillSellable, UnknownCall, StepNotPossible, or as `view` does.
    """
    each, call = with_call(entry, account)
    lifecycle.advance(call.life(held=False), lifecycle.Step.RECORD_DEFICIT)
    seen = view(entry, each.currency, None)
    if each.book.loan <= ZERO or has_something_to_sell(each.book, seen.prices, each.currency):
        raise StillSellable("Sell what is left first.", account=account)
    return _deficit(each, call)


@command("margin.write-off-deficit")
def write_off_deficit(entry: Entry, *, account: UUID, amount: Decimal, reason: str) -> None:
    """Give up part of a deficit at the firm's expense; from a threshold on it takes two people.

    Raises DeficitNotOwed, SecondPersonNeeded, ReasonMissing, BadAmount or UnknownCall.
    """
    each, call = with_call(entry, account)
    check_reason("margin", reason, "Say why.")
    owed = each.owed(Role.DEFICIT)
    if positive(amount) > owed:
        raise DeficitNotOwed("The deficit is smaller.", owed=owed, amount=amount)
    if write_off_takes_two(_written_off(each, call), amount, each.currency, entry.effective_at):
        entry.second_person(Perm.APPROVE_WRITE_OFFS, account=account, client=each.account.client)
    each.record(
        DeficitWrittenOff(
            call=call.id, amount=amount, left=owed - amount, currency=each.currency, reason=reason
        ),
        Posting(Account(each.id, Role.DEFICIT, each.currency), amount),
        Posting(Account(FIRM, Role.WRITE_OFF, each.currency), -amount),
    )


def _check_new(fill: UUID, quantity: Decimal, price: Decimal) -> None:
    """Pass if the execution is not booked yet; raises NothingToDo or FillContradicts."""
    booked = SaleFill.objects.filter(pk=fill).first()
    if booked is None:
        return
    if (booked.quantity, booked.price) != (quantity, price):
        raise FillContradicts(
            "This execution was booked with other figures; ask the venue for a correction.",
            trade=booked.venue_trade, quantity=booked.quantity, price=booked.price,
        )  # fmt: skip
    raise NothingToDo("This execution was booked before.", trade=booked.venue_trade)


def _written_off(each: Case, call: Call) -> Decimal:
    """How much of the call's deficit was given up before."""
    events = [recorded.event for recorded in ledger.events(each.id)]
    return sum(
        (event.amount for event in events if isinstance(event, DeficitWrittenOff) and event.call == call.id),
        ZERO,
    )


def _ordered_sale(each: Case, sale: UUID) -> Sale:
    """The account's sale of that id whose orders went out, closed since or not; raises NotThisSale."""
    sent = Sale.objects.filter(call__account=each.id, ordered_at__isnull=False)
    plan = sent.select_related("call").filter(pk=sale).first()
    if plan is None:
        raise NotThisSale("Nothing was ordered under this id.", sale=sale, account=each.id)
    return plan


def _ordered_leg(legs: Sequence[SaleLeg], number: int, quantity: Decimal) -> SaleLeg:
    """The leg an execution belongs to; raises FillBeyondOrder when it was not ordered, or not that much."""
    positive(quantity, name="quantity")
    for leg in legs:
        if leg.number == number and leg.filled + quantity <= leg.quantity:
            return leg
    raise FillBeyondOrder("This is more than is left of the order.", leg=number, quantity=quantity)


def _after_fill(each: Case, plan: Sale, legs: Sequence[SaleLeg], seen: View) -> None:
    call = plan.call
    judged = judge(each.book, seen)
    filled = all(leg.filled >= leg.quantity for leg in legs)
    # Each booking rounds price and cost to the cent; for a rest of less than that nothing more is sold (H).
    rounding = Decimal(plan.fills.count() + 1).scaleb(-each.places)
    met = judged.is_met(seen.policy) or (filled and judged.assessment.call_amount <= rounding)
    proceeds = sum((leg.filled_proceeds for leg in legs), ZERO)
    enough = plan.at_most is not None and proceeds >= plan.at_most
    if met:
        close_order(each, call, plan, legs, seen, Outcome.TARGET_MET)
    elif filled and not has_something_to_sell(each.book, seen.prices, each.currency):
        close_order(each, call, plan, legs, seen, Outcome.SOLD_OUT)
        _deficit(each, call)
    elif filled or enough:
        close_order(each, call, plan, legs, seen, Outcome.PLAN_DONE)


def _deficit(each: Case, call: Call) -> Decimal:
    """Charge what interest has accrued and move the loan to a deficit, which bears none."""
    debit.charge(each, InterestMonth.objects.filter(account=each.id).order_by("month"))
    amount = each.owed(Role.LOAN)
    deficit = Account(each.id, Role.DEFICIT, each.currency)
    each.entry.open(deficit)
    each.record(
        DeficitRecorded(call=call.id, amount=amount, currency=each.currency),
        Posting(Account(each.id, Role.LOAN, each.currency), amount),
        Posting(deficit, -amount),
    )
    return amount
