"""A trade as agreed: side, quantity, price and what it comes to."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from brokerage.ledger.amounts import EXACT, half_up, positive
from brokerage.ledger.refusal import Refused

from .assets import Asset


class Side(StrEnum):
    """Seen from the client."""

    BUY = "buy"
    SELL = "sell"


class BadTrade(Refused):
    """A trade of a currency, in no currency, or with a cost below zero."""

    code = "custody.bad-trade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A trade as agreed: `quantity` units at `price`, both in full; the rest is money of `currency`.

    `consideration` is quantity times price, rounded half-up to the currency's minor unit; `cost` is
    what the client pays besides, on either side.
    """

    side: Side
    asset: str
    quantity: Decimal
    price: Decimal
    currency: str
    consideration: Decimal
    cost: Decimal

    @property
    def due(self) -> Decimal:
        """What the client's cash changes by: minus for a purchase with its cost, plus for net proceeds."""
        if self.side is Side.BUY:
            return EXACT.minus(EXACT.add(self.consideration, self.cost))
        return EXACT.subtract(self.consideration, self.cost)


def agreed(
    side: Side, asset: Asset, currency: Asset, *, quantity: Decimal, price: Decimal, cost: Decimal
) -> Trade:
    """The trade these terms make; raises BadTrade, BadAmount or TooFine.

    The consideration must come to at least one minor unit; the cost may be zero.
    """
    if asset.is_money or not currency.is_money:
        raise BadTrade(
            "A trade is of an instrument against a currency.", asset=asset.code, currency=currency.code
        )
    if cost:
        currency.amount(cost, name="cost")
    asset.amount(quantity, name="quantity")
    gross = half_up(EXACT.multiply(quantity, positive(price, name="price")), currency.places)
    return Trade(
        side=side,
        asset=asset.code,
        quantity=quantity,
        price=price,
        currency=currency.code,
        consideration=currency.amount(gross, name="consideration"),
        cost=cost,
    )
