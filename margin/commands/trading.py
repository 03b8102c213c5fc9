"""The client's own trades: purchases, which alone draw credit, and sales, which repay it."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from brokerage.ledger.amounts import EXACT, ZERO, half_up, positive
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused
from brokerage.market import queries as market
from brokerage.market.rules.prices import Answer, Use
from custody.rules import Side

from ..events import Purpose, Source
from ..rules.buying_power import check_purchase
from ..rules.policy import AssetKind, MarginPolicy
from ..rules.valuation import quote_of
from . import debit
from .case import Case, case, case_of_client
from .progress import cure
from .view import View, check_newest, creditworthy, judge, view

PLACES = 18


class PriceInDoubt(Refused):
    """A trade at a price of the set that is stale, disputed or suspended."""

    code = "margin.price-in-doubt"


class RiskIncreasing(Refused):
    """A trade during a call after which more would be asked for."""

    code = "margin.risk-increasing"


@command("margin.purchase")
def purchase(
    entry: Entry,
    *,
    account: UUID,
    asset: str,
    quantity: Decimal,
    price_set: UUID,
    price: Decimal | None = None,
    cost: Decimal | None = None,
) -> UUID:
    """Buy an asset into collateral, with cash first and credit for the rest; returns the trade.

    `price` is the fill in the instrument's currency, by default that of the set; `cost` in base
    currency, by default the policy's trade cost. The account is judged at the set's prices,
    doubtful ones counting for nothing. Raises PricesSuperseded, CreditStopped, NotEligible, NotWholeLots,
    PurchaseBeyondLimit, PurchaseBeyondBuyingPower, PriceInDoubt, PriceMissing, and as custody's
    trade_step.
    """
    each = case_of_client(entry, account)
    check_newest(entry, price_set)
    seen = view(entry, each.currency, price_set)
    unit = _unit(seen, asset, price)
    paid = _cost(seen.policy, unit, quantity, cost, each.places)
    _check_purchase(each, seen, asset, quantity, unit, paid)
    trade, _ = each.trade(Side.BUY, asset, quantity, unit, paid)
    if each.cash < ZERO:
        debit.draw(each, -each.cash, _purpose(asset, seen.policy), trade)
    return trade


@command("margin.sell")
def sell(
    entry: Entry,
    *,
    account: UUID,
    asset: str,
    quantity: Decimal,
    price_set: UUID,
    price: Decimal | None = None,
    cost: Decimal | None = None,
) -> UUID:
    """Sell collateral on the client's order; the proceeds repay what is owed. Returns the trade.

    Arguments as `purchase`. While a call is open the sale counts as a cure, net of cost. Raises
    PricesSuperseded, BeyondHolding, PriceInDoubt unless the price of a fill is given, RiskIncreasing,
    PriceMissing, and as custody's trade_step.
    """
    each = case(entry, account)
    check_newest(entry, price_set)
    seen = view(entry, each.currency, price_set)
    positive(quantity, name="quantity")
    each.check_free(asset, quantity)
    if price is None:
        _check_fresh(seen, asset)
    before = judge(each.book, seen) if each.call is not None else None
    unit = _unit(seen, asset, price)
    trade, _ = each.trade(
        Side.SELL, asset, quantity, unit, _cost(seen.policy, unit, quantity, cost, each.places)
    )
    debit.settle(each, Source.SALE, trade=trade)
    if before is not None:
        if judge(each.book, seen).assessment.call_amount > before.assessment.call_amount:
            raise RiskIncreasing("During a call, only a sale that lowers it is allowed.", asset=asset)
        cure(each, seen, before)
    return trade


def _check_purchase(
    each: Case, seen: View, asset: str, quantity: Decimal, unit: Decimal, paid: Decimal
) -> None:
    """Judge the purchase at the set's prices; what the fill costs beyond them counts as cost."""
    _check_fresh(seen, asset)
    quote = quote_of(seen.prices.quotes, asset)
    book = creditworthy(each.book, seen.prices)
    at_set = half_up(EXACT.multiply(quantity, EXACT.multiply(quote.price, quote.fx_rate)), each.places)
    beyond = EXACT.subtract(half_up(EXACT.multiply(quantity, unit), each.places), at_set)
    check_purchase(
        replace(book, loan=EXACT.subtract(book.loan, each.cash)),
        asset,
        quantity,
        seen.prices.quotes,
        seen.policy,
        market.instrument(asset).lot,
        credit_stopped=each.credit_stopped,
        cost=EXACT.add(paid, beyond),
        places=each.places,
    )


def _check_fresh(seen: View, asset: str) -> None:
    """Pass if the set's price is neither old nor in doubt; raises PriceInDoubt or PriceMissing."""
    quote_of(seen.prices.quotes, asset)
    if seen.prices.permit(asset, Use.NEW_CREDIT) is not Answer.YES:
        state = seen.prices.evidence[asset].state
        raise PriceInDoubt("Wait for a fresh price before trading at it.", asset=asset, state=state)


def _unit(seen: View, asset: str, price: Decimal | None) -> Decimal:
    """The price of one unit in base currency, half-up at 18 decimals."""
    quote = quote_of(seen.prices.quotes, asset)
    paid = quote.price if price is None else positive(price, name="price")
    return half_up(EXACT.multiply(paid, quote.fx_rate), PLACES)


def _cost(
    policy: MarginPolicy, unit: Decimal, quantity: Decimal, cost: Decimal | None, places: int
) -> Decimal:
    """The cost as given, or the policy's trade cost of the consideration, half-up to the minor unit."""
    if cost is not None:
        return cost
    return half_up(EXACT.multiply(EXACT.multiply(quantity, unit), policy.trade_cost), places)


def _purpose(asset: str, policy: MarginPolicy) -> Purpose:
    return Purpose.VA if policy.assets[asset].kind is AssetKind.VA else Purpose.SECURITIES
