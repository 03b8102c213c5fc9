"""Buying power: how much of an asset an account may still buy on credit, and the check of a purchase.

FORMULAS, Buying power, with r = 1; VAF-4, VAF-10, VAF-15, SMF-5.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from brokerage.ledger.amounts import ZERO, half_up, positive
from brokerage.ledger.refusal import Refused

from .calls import Assessment, assess
from .exact import exact
from .policy import AssetKind, MarginPolicy
from .trade import purchase_of
from .validation import ELIGIBLE_VA
from .valuation import Book, Quote, check_priced, quote_of


class CreditStopped(Refused):
    """VAF-10, SMF-5: no new credit and no risk-increasing trade while a call is outstanding."""

    code = "margin.credit-stopped"


class NotEligible(Refused):
    """VAF-4: an asset that may not be pledged, or that the policy does not know."""

    code = "margin.not-eligible"


class NotWholeLots(Refused):
    """A quantity that is no whole number of lots."""

    code = "margin.not-whole-lots"


class PurchaseBeyondLimit(Refused):
    """A purchase that would take the loan above the credit limit."""

    code = "margin.purchase-beyond-limit"


class PurchaseBeyondBuyingPower(Refused):
    """A purchase that would take the loan above the lending value."""

    code = "margin.purchase-beyond-buying-power"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyingPower:
    """The most of an asset that may be bought: whole lots and their market value in base currency."""

    asset: str
    quantity: Decimal
    market_value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A purchase that may go ahead. Consideration and cost are half-up to the minor unit."""

    consideration: Decimal
    cost: Decimal
    after: Assessment


@exact
def buying_power(
    book: Book,
    asset: str,
    quotes: Mapping[str, Quote],
    policy: MarginPolicy,
    lot: Decimal,
    *,
    spare: Decimal = ZERO,
) -> BuyingPower:
    """The greatest purchase, in lots, up to which every smaller one is allowed too: one lot more fails.

    `spare` is room kept, in base currency: booking rounds price and cost to the minor unit, so that
    one minor unit kept makes the answer hold for the purchase as booked.

    Confirmed by full revaluation with tiers and caps; an asset that may not be pledged has none. Raises
    PriceMissing.
    """
    check_priced(book.positions, quotes)
    quote = quote_of(quotes, asset)
    quantity = ZERO
    if eligible(asset, policy) and quote.price > ZERO:
        trade = purchase_of(replace(book, loan=book.loan + spare), asset, quotes, policy, lot)
        affordable = max(0, int((book.limit - trade.loan) / (trade.cash * lot)))
        failing = trade.first(lambda lots: not trade.meets(lots), affordable)
        quantity = lot * (affordable if failing is None else failing - 1)
    return BuyingPower(asset=asset, quantity=quantity, market_value=quantity * quote.price * quote.fx_rate)


@exact
def check_purchase(
    book: Book,
    asset: str,
    quantity: Decimal,
    quotes: Mapping[str, Quote],
    policy: MarginPolicy,
    lot: Decimal,
    *,
    credit_stopped: bool = False,
    cost: Decimal | None = None,
    places: int = 2,
) -> Purchase:
    """The purchase valued, if it may go ahead on this book, exactly and as it will be booked.

    Booking rounds consideration and cost half-up to the minor unit, of `places` decimals; the larger
    loan decides, or a purchase could be called for a cent. `cost` is the known cost in base currency;
    without it the policy's trade cost is assumed. Raises
    CreditStopped, NotEligible, NotWholeLots, PurchaseBeyondLimit, PurchaseBeyondBuyingPower, PriceMissing and
    BadAmount.
    """
    positive(quantity, name="quantity")
    if credit_stopped:
        raise CreditStopped("A call is outstanding: meet it before buying.", asset=asset)
    if not eligible(asset, policy):
        raise NotEligible(f"{asset} may not be pledged in a margin account.", asset=asset)
    if quantity % lot:
        raise NotWholeLots(f"Buy {asset} in lots of {lot}.", asset=asset, quantity=quantity, lot=lot)
    check_priced(book.positions, quotes)
    quote = quote_of(quotes, asset)
    consideration = quantity * quote.price * quote.fx_rate
    paid = consideration * policy.trade_cost if cost is None else cost
    positions = {**book.positions, asset: book.positions.get(asset, ZERO) + quantity}
    booked = half_up(consideration, places), half_up(paid, places)
    owed = book.loan + max(consideration + paid, sum(booked))
    after = assess(replace(book, positions=positions, loan=owed), quotes, policy)
    _check_room(asset, quantity, after)
    return Purchase(consideration=booked[0], cost=booked[1], after=after)


def _check_room(asset: str, quantity: Decimal, after: Assessment) -> None:
    loan, limit = after.book.loan, after.book.limit
    if loan <= ZERO:
        return
    if loan > limit:
        raise PurchaseBeyondLimit(
            "The loan would exceed the credit limit: buy less or repay first.",
            asset=asset, quantity=quantity, loan=loan, limit=limit,
        )  # fmt: skip
    if loan > after.valuation.lending_value:
        raise PurchaseBeyondBuyingPower(
            "The loan would exceed the lending value: buy less or bring in collateral.",
            asset=asset, quantity=quantity, loan=loan, lending_value=after.valuation.lending_value,
        )  # fmt: skip


def eligible(asset: str, policy: MarginPolicy) -> bool:
    """Whether the asset may be pledged: known to the policy and, if virtual, BTC or ETH (VAF-4)."""
    terms = policy.assets.get(asset)
    return terms is not None and (terms.kind is not AssetKind.VA or asset in ELIGIBLE_VA)
