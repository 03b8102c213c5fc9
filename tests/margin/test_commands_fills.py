"""The end of a forced sale that pays the loan but not quite the interest."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import Role
from margin import commands as margin
from margin.events import DeficitRecorded
from margin.rules.interest import daily_interest, monthly_charge
from tests.factories import context
from tests.margin.firm import Firm, last, owed, policy

CENT = Decimal("0.01")
BY_TWO = {"maker": UUID(int=1), "checker": UUID(int=2)}


def test_the_last_fill_that_pays_into_the_interest_charges_it_once(firm: Firm) -> None:
    account = firm.account({"0700": "1000", "HKD": "100000"})
    firm.buy(account, "0700", "2000")
    firm.prices({"0700": "290"})
    firm.assess(account)
    sale = margin.plan_sale(context(), account=account, price_set=firm.price_set).value
    margin.approve_sale(context(**BY_TWO), account=account, sale=sale, price_set=firm.price_set)
    margin.order_sale(context(), account=account, sale=sale, price_set=firm.price_set)
    firm.wait(days=1)
    margin.accrue_interest(context(), accounts=[account], day=date(2026, 3, 2))
    firm.prices({"0700": "302"})
    loan = owed(account)
    margin.fill_sale(
        context(),
        account=account,
        sale=sale,
        leg=0,
        venue_trade="V-1",
        quantity=Decimal(3000),
        price=Decimal(302),
        price_set=firm.price_set,
        cost=Decimal(3000 * 302) - loan - CENT,
    )
    interest = monthly_charge([daily_interest(loan, policy().interest, "HKD")]).amount
    assert last(account, DeficitRecorded).amount == interest - CENT
    assert {role: amount for (role, _), amount in ledger.balances(account).items() if amount} == {
        Role.DEFICIT: CENT - interest
    }
