"""The paper venue fills what still stands and leaves alone what was taken back."""

from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.jobs.models import Outbox
from brokerage.jobs.outbox import Message
from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import Role
from margin import commands as margin
from margin import venue
from margin.commands.progress import CANCEL
from margin.commands.sales import NotThisSale
from margin.models import SaleFill
from tests.factories import context
from tests.margin.firm import Firm
from tests.margin.test_commands_sales import expired, ordered


def order(firm: Firm) -> Message:
    """The message of an order that has just gone out."""
    ordered(firm, expired(firm, firm.base_book()))
    sent = Outbox.objects.get()
    return Message(id=sent.id, kind=sent.kind, key=sent.key, payload=sent.payload)


def test_an_order_is_filled_once(firm: Firm) -> None:
    message = order(firm)
    venue.execute(message)
    venue.execute(message)
    assert SaleFill.objects.get().quantity == Decimal(message.payload["quantity"])


def test_an_order_of_a_stopped_sale_is_void(firm: Firm) -> None:
    message = order(firm)
    account, sale = UUID(message.payload["account"]), UUID(message.payload["sale"])
    margin.close_sale(context(), account=account, sale=sale)
    venue.execute(message)
    assert not SaleFill.objects.exists()
    back = Outbox.objects.get(kind=CANCEL)
    for _ in range(2):
        venue.take_back(Message(id=back.id, kind=back.kind, key=back.key, payload=back.payload))
    assert ledger.balances(account)[Role.RESERVED, "BTC"] == 0
    assert ledger.balances(account)[Role.COLLATERAL, "BTC"] == 2


def test_an_order_of_another_account_is_not_passed_over(firm: Firm) -> None:
    message = order(firm)
    message.payload["account"] = str(firm.base_book())
    with pytest.raises(NotThisSale):
        venue.execute(message)
