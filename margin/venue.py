"""A paper venue for the demonstration: it executes every sell order in full, at the latest adopted price.

It answers in the outbox handler's call and names its executions after the message, so a repeated
delivery is the same execution.
"""

from contextlib import suppress
from decimal import Decimal
from uuid import UUID

from brokerage.jobs.outbox import Message
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import Context, Source
from brokerage.market import queries as market

from . import commands, queries
from .models import Sale


def execute(order: Message) -> None:
    """Fill the order; one for a sale that has ended meanwhile is void, its cancellation is on the way."""
    now = seams.now()
    account, sale, leg = UUID(order.payload["account"]), UUID(order.payload["sale"]), order.payload["leg"]
    if queries.sale(sale).state == Sale.State.CLOSED:
        return
    price_set = market.latest_price_set(now)
    if price_set is None:
        raise LookupError("an order was sent before any price was adopted")
    quotes = queries.prices(price_set.id, queries.account(account).currency).quotes
    context = Context(
        actor="job:paper-venue", source=Source.JOB, key=f"margin.fill:{order.id}", effective_at=now
    )
    with suppress(NothingToDo):
        commands.fill_sale(
            context,
            account=account,
            sale=sale,
            leg=leg,
            venue_trade=f"paper:{order.id}",
            quantity=Decimal(order.payload["quantity"]),
            price=quotes[order.payload["asset"]].price,
            price_set=price_set.id,
        )


def take_back(cancellation: Message) -> None:
    """Say that what is left of the order is taken back: here an order is filled or void by then."""
    payload = cancellation.payload
    context = Context(
        actor="job:paper-venue",
        source=Source.JOB,
        key=f"margin.release:{cancellation.id}",
        effective_at=seams.now(),
    )
    with suppress(NothingToDo):
        commands.release_order(
            context, account=UUID(payload["account"]), sale=UUID(payload["sale"]), leg=payload["leg"]
        )
