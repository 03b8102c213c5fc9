"""The forced sale of an expired call until its orders are out: planned, approved, ordered.

A plan is a version of its own; it is made again when prices have moved too far before it is ordered.
"""

from decimal import Decimal
from functools import partial
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.jobs import outbox
from brokerage.ledger.amounts import ZERO, down, up
from brokerage.ledger.chart import Posting
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry, Source
from brokerage.ledger.refusal import Refused
from brokerage.market import queries as market
from brokerage.market.rules.prices import Answer, Use

from .. import queries
from ..events import Outcome, PlannedLeg, SaleApproved, SaleOrdered, SalePlanned
from ..models import Call, Sale
from ..rules import lifecycle
from ..rules.identity import sale_id
from ..rules.lifecycle import Scope, Step
from ..rules.liquidation import SalePlan
from ..rules.liquidation import plan_sale as plan_for
from ..rules.policy import AssetKind
from ..rules.valuation import Line, Quote
from .calls import with_call
from .case import Case, case
from .progress import close_plan
from .view import Judged, View, check_newest, judge, standing, view

SELL = "margin.sell-order"
"""The kind of an outbox message that orders the venue to sell."""


class PlanOutdated(Refused):
    """Prices have moved too far since the plan was made, or the client has sold of what it sells."""

    code = "margin.plan-outdated"


class NotThisSale(Refused):
    """A step on a plan that is not the call's current one, or not at the stage for it."""

    code = "margin.not-this-sale"


@command("margin.plan-sale")
def plan_sale(entry: Entry, *, account: UUID, price_set: UUID) -> UUID:
    """Plan what must be sold for the account's expired call at these prices; returns the sale.

    Virtual assets come first, then securities, each the largest position first (H); what may not be
    sold on its price is withheld. A plan whose prices have moved too far is superseded. Raises
    NothingToDo when the plan stands, an order is still being taken back, the target is met or nothing
    can be sold, PricesSuperseded, UnknownCall, StepNotPossible and PriceMissing.
    """
    each, call = with_call(entry, account)
    _advance(each, call, Step.PLAN)
    if each.on_order:
        raise NothingToDo("The venue has not yet taken back what is left of an order.")
    check_newest(entry, price_set)
    seen = view(entry, each.currency, price_set)
    judged = judge(each.book, seen)
    plan_before = queries.current_sale(call.id)
    if judged.is_met(seen.policy) or (plan_before is not None and not _outdated(each, plan_before, seen)):
        raise NothingToDo("The target is met, or the plan stands.")
    scope = Scope(call.expired)
    plan = _plan(each, call, seen, judged, scope)
    if not plan.legs:
        raise NothingToDo("There is nothing that can be sold.")
    close_plan(each, seen, judged, Outcome.SUPERSEDED)
    event = _planned(each, call, seen, judged, scope, plan)
    each.record(event)
    return event.sale


@command("margin.approve-sale")
def approve_sale(entry: Entry, *, account: UUID, sale: UUID, price_set: UUID | None = None) -> None:
    """Release a plan for ordering: a second person, or a job where the policy allows automatic sales.

    It is judged at the newest prices. A stale price always takes a second person. Raises
    PricesSuperseded when `price_set` names others, SecondPersonNeeded, NotThisSale, PlanOutdated,
    StepNotPossible, and NothingToDo when the target is met meanwhile.
    """
    each = case(entry, account)
    call, plan = current(each, sale, Sale.State.PLANNED)
    _advance(each, call, Step.APPROVE)
    check_newest(entry, price_set)
    seen = view(entry, each.currency, price_set)
    _check_current(each, plan, seen)
    automatic = entry.context.source is Source.JOB and queries.may_sell_alone(plan, seen.policy, seen.prices)
    if not automatic:
        entry.second_person(Perm.APPROVE_SALES, account=account, client=each.account.client)
    each.record(
        SaleApproved(
            sale=sale,
            call=call.id,
            version=plan.version,
            automatic=not entry.two_people,
            price_set=seen.prices.price_set,
        )
    )


@command("margin.order-sale")
def order_sale(entry: Entry, *, account: UUID, sale: UUID, price_set: UUID) -> tuple[str, ...]:
    """Send the approved plan's sell orders to the outbox, each under a key of its own; returns the keys.

    What they sell is reserved until it is filled or taken back. Under a price hold it takes a second
    person. Raises PricesSuperseded, NotThisSale, PlanOutdated, SecondPersonNeeded, StepNotPossible,
    and NothingToDo when the target is met meanwhile.
    """
    each = case(entry, account)
    call, plan = current(each, sale, Sale.State.APPROVED)
    _advance(each, call, Step.ORDER)
    check_newest(entry, price_set)
    _check_current(each, plan, view(entry, each.currency, price_set))
    keys: list[str] = []
    reserved: list[Posting] = []
    for leg in plan.legs.order_by("number"):
        key = lifecycle.order_key(str(call.id), plan.version, leg.number)
        payload = {
            "account": str(account),
            "sale": str(sale),
            "leg": leg.number,
            "asset": leg.asset,
            "quantity": str(leg.quantity),
        }
        outbox.put(SELL, key, payload)
        keys.append(key)
        reserved += each.reserve(leg.asset, leg.quantity)
    each.record(SaleOrdered(sale=sale, call=call.id, version=plan.version, keys=tuple(keys)), *reserved)
    return tuple(keys)


def current(each: Case, sale: UUID, state: Sale.State) -> tuple[Call, Sale]:
    """The account's open call and its current plan, in that state; raises NotThisSale."""
    plan = queries.current_sale(each.call.id) if each.call is not None else None
    if each.call is None or plan is None or plan.id != sale or plan.state != state:
        raise NotThisSale(f"There is no plan of this id that is {state}.", sale=sale, account=each.id)
    return each.call, plan


def _advance(each: Case, call: Call, step: Step) -> None:
    """Pass if the call may take the step; doubtful prices that decide it need a second person."""
    try:
        lifecycle.advance(call.life(held=each.account.open_hold is not None), step)
    except lifecycle.PriceOnHold:
        each.entry.second_person(Perm.APPROVE_SALES, account=each.id, client=each.account.client)


def _check_current(each: Case, plan: Sale, seen: View) -> None:
    if judge(each.book, seen).is_met(seen.policy):
        raise NothingToDo("The target is met at these prices.")
    if _outdated(each, plan, seen):
        raise PlanOutdated("Prices or holdings have changed: plan the sale again.", sale=plan.id)


def _outdated(each: Case, plan: Sale, seen: View) -> bool:
    legs = list(plan.legs.all())
    planned = {leg.asset: Quote(price=leg.price, fx_rate=leg.fx_rate) for leg in legs}
    gone = any(leg.quantity > each.free(leg.asset) for leg in legs)
    return gone or lifecycle.plan_outdated(planned, seen.prices.quotes, seen.policy.plan_move_limit)


def _plan(each: Case, call: Call, seen: View, judged: Judged, scope: Scope) -> SalePlan:
    positions = each.book.positions
    instruments = market.instruments()
    unsellable = (Answer.NO, Answer.HELD)
    only_va = scope is Scope.VA
    most = _most(call, scope)
    if most == ZERO:
        raise NothingToDo("What is due of the virtual part has been sold.")
    return plan_for(
        each.book,
        seen.prices.quotes,
        seen.policy,
        lots={asset: instruments[asset].lot for asset in positions},
        order=[
            line.asset for line in sorted(judged.assessment.valuation.lines, key=partial(_rank, seen=seen))
        ],
        only=AssetKind.VA if only_va else None,
        at_most=most,
        withheld=[a for a in positions if seen.prices.permit(a, Use.LIQUIDATION) in unsellable],
        places=each.places,
    )


def _most(call: Call, scope: Scope) -> Decimal | None:
    """The most a plan may raise: of the virtual part alone what earlier sales have left, else no bound."""
    return max(ZERO, call.va_left - queries.va_sold(call.id)) if scope is Scope.VA else None


def _rank(line: Line, seen: View) -> tuple[bool, Decimal, str]:
    """Where a position stands in the order of sale: virtual assets first, then the largest."""
    terms = seen.policy.assets.get(line.asset)
    is_va = terms is not None and terms.kind is AssetKind.VA
    return not is_va, -line.market_value, line.asset


def _planned(each: Case, call: Call, seen: View, judged: Judged, scope: Scope, plan: SalePlan) -> SalePlanned:
    version = call.plan_version + 1
    legs = tuple(
        PlannedLeg(
            asset=leg.asset,
            quantity=leg.quantity,
            price=seen.prices.quotes[leg.asset].price,
            fx_rate=seen.prices.quotes[leg.asset].fx_rate,
            gross=leg.gross,
            cost=leg.cost,
            proceeds=leg.proceeds,
        )
        for leg in plan.legs
    )
    return SalePlanned(
        sale=sale_id(call.id, version),
        call=call.id,
        version=version,
        scope=scope,
        at_most=_most(call, scope),
        legs=legs,
        loan_after=up(plan.book_after.loan, each.places),
        lending_value_after=down(plan.after.lending_value, each.places),
        meets_target=plan.met,
        deficit=up(plan.deficit, each.places),
        standing=standing(judged, seen, each.places),
    )
