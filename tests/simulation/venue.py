"""A venue that takes its time: it fills in parts, reports a fill twice, and may hear an order twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from unittest.mock import patch
from uuid import UUID

from brokerage.jobs import outbox
from brokerage.jobs.outbox import Message
from brokerage.ledger.commands import NothingToDo
from brokerage.market.queries import latest_price_set
from margin import commands as margin
from margin.commands.progress import CANCEL
from margin.commands.sales import SELL

from .callers import Callers
from .market import adopted
from .people import LOTS
from .world import Broken, World


@dataclass
class Order:
    """What the venue was asked to sell, and what is left of it."""

    payload: dict[str, str]
    left: Decimal
    fills: int = 0


class Venue:
    """Executes sell orders bit by bit; each order counts once however often it is heard."""

    def __init__(self, world: World, callers: Callers) -> None:
        self.world = world
        self.callers = callers
        self.orders: dict[str, Order] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Orders and cancellations come here inside the block."""
        with patch.dict(outbox._handlers, {SELL: self._ordered, CANCEL: self._cancelled}):
            yield

    def fill(self) -> None:
        """Fill some of what is open; all of it when all is calm."""
        for key, order in list(self.orders.items()):
            if order.left and (self.callers.calm or self.world.chance(0.6)):
                self._fill(key, order)

    def _fill(self, key: str, order: Order) -> None:
        quantity = order.left
        if not self.callers.calm and self.world.chance(0.6):
            lot = LOTS[order.payload["asset"]]
            quantity = min(quantity, max(lot, (quantity / 2 / lot).to_integral_value(ROUND_DOWN) * lot))
        order.left -= quantity
        order.fills += 1
        prices = latest_price_set()
        if prices is None:
            raise Broken("the opening adopts a price set")
        report = {
            "account": UUID(order.payload["account"]),
            "sale": UUID(order.payload["sale"]),
            "leg": int(order.payload["leg"]),
            "venue_trade": f"{key}:{order.fills}",
            "quantity": quantity,
            "price": adopted()[prices.id][order.payload["asset"]],
            "price_set": prices.id,
        }
        receipt = self.callers.do(margin.fill_sale, **report)
        if receipt is not None and not self.callers.calm and self.world.chance(0.3):
            refusal = self.callers.must_refuse(margin.fill_sale, **report)
            if not isinstance(refusal, NothingToDo):
                raise Broken(f"a fill reported twice is {refusal.code}")

    def _ordered(self, message: Message) -> None:
        self.orders.setdefault(message.key, Order(message.payload, Decimal(message.payload["quantity"])))

    def _cancelled(self, message: Message) -> None:
        if order := self.orders.get(message.payload["order"]):
            order.left = Decimal(0)
        self.callers.do(
            margin.release_order,
            account=UUID(message.payload["account"]),
            sale=UUID(message.payload["sale"]),
            leg=int(message.payload["leg"]),
        )
