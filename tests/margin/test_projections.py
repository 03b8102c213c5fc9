"""Margin's read models are caches of facts: a replay of the ledger makes the same rows."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.ledger.rebuild import rebuild
from margin import commands as margin
from margin.models import Call, InterestMonth, PriceHold, Sale, SaleFill
from margin.rules.policy import AssetKind
from tests.factories import context
from tests.margin.firm import BASE, FALLEN, Firm, open_call
from tests.margin.test_commands_sales import CRASHED, fill, ordered

MAKER, CHECKER = UUID(int=1), UUID(int=2)


@pytest.mark.django_db(transaction=True)
def test_a_replay_of_every_kind_of_event_makes_the_same_rows(firm: Firm) -> None:
    relieved, extended, sold = (firm.base_book() for _ in range(3))
    held_back(firm, firm.base_book())
    calm = firm.price_set
    firm.wait(hours=2)
    firm.prices(FALLEN)
    firm.assess(relieved, extended, calm_set=calm)
    margin.deposit(context(), account=extended, asset="HKD", amount=Decimal(1000))
    until = open_call(extended).va_due_at + timedelta(hours=1)
    by_two = context(maker=MAKER, checker=CHECKER)
    margin.extend_call(by_two, account=extended, part=AssetKind.VA, until=until, reason="bank closed")
    firm.prices(BASE | {"0700": "560"})
    firm.assess(relieved)
    firm.wait(days=1)
    firm.prices({})
    firm.assess(relieved)
    margin.accrue_interest(context(), accounts=[relieved, extended, sold], day=date(2026, 3, 2))
    firm.prices(CRASHED)
    firm.assess(extended, sold)
    sold_out(firm, sold)
    margin.deposit(context(), account=sold, asset="HKD", amount=Decimal(50_000))
    for model in (Call, Sale, SaleFill, InterestMonth, PriceHold):
        assert model.objects.exists()
    assert rebuild(check=True).identical


def held_back(firm: Firm, account: UUID) -> None:
    firm.wait(hours=1)
    firm.split_prices({"BTC": "55000"})
    firm.assess(account)
    firm.prices({})
    firm.assess(account)


def sold_out(firm: Firm, account: UUID) -> None:
    sale = ordered(firm, account)
    for leg in sale.legs.order_by("number"):
        fill(firm, account, sale, leg.number, f"V-{leg.number}", str(leg.quantity), str(leg.price))
