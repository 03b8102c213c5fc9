"""The worked example of FORMULAS from the call to the forced sale, with postings and events at each step."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.jobs.models import Outbox
from brokerage.ledger import queries as ledger
from brokerage.ledger import store
from brokerage.ledger.chart import Role
from brokerage.ledger.commands import NothingToDo
from margin import commands as margin
from margin.events import (
    CallExpired,
    CallIssued,
    CallPartMet,
    Cause,
    Outcome,
    Repaid,
    SaleClosed,
    SalePlanned,
)
from margin.events import Source as Money
from margin.explanation import recompute
from margin.models import MarginAccount, Sale
from margin.rules.lifecycle import Scope, Stage
from margin.rules.valuation import margin_ratio
from tests.factories import context
from tests.margin.firm import FALLEN, Firm, kinds, last, open_call, owed

NOON_NEXT_DAY = datetime(2026, 3, 3, 4, tzinfo=UTC)
MAKER, CHECKER = UUID(int=1), UUID(int=2)


def expire(firm: Firm, account: UUID) -> None:
    margin.expire_calls(context(), accounts=[account], price_set=firm.price_set)


def plan_and_order(firm: Firm, account: UUID) -> Sale:
    """Plan, approve by a second person and order."""
    sale = margin.plan_sale(context(), account=account, price_set=firm.price_set).value
    by_two = context(maker=MAKER, checker=CHECKER)
    margin.approve_sale(by_two, account=account, sale=sale, price_set=firm.price_set)
    margin.order_sale(context(), account=account, sale=sale, price_set=firm.price_set)
    return Sale.objects.get(pk=sale)


def fill(firm: Firm, account: UUID, sale: Sale, venue_trade: str, quantity: Decimal | None = None) -> None:
    """Execute the first leg at the set's price."""
    leg = sale.legs.get(number=0)
    margin.fill_sale(
        context(),
        account=account,
        sale=sale.id,
        leg=0,
        venue_trade=venue_trade,
        quantity=leg.quantity if quantity is None else quantity,
        price=leg.price,
        price_set=firm.price_set,
    )


def test_from_the_fall_of_prices_to_a_margin_ratio_of_90_percent(firm: Firm) -> None:
    account = firm.base_book()
    called_for_420072(firm, account)
    cured_in_part(firm, account)
    va_part_expired_and_sold(firm, account)
    rest_expired_and_sold(firm, account)
    sold = [
        "call-expired",
        "sale-planned",
        "sale-approved",
        "sale-ordered",
        "repaid",
        "sale-filled",
        "sale-closed",
    ]
    assert kinds(account) == [
        "account-opened",
        "limit-set",
        "drawn",
        "warning-raised",
        "call-issued",
        "repaid",
        "call-part-met",
        *sold,
        *sold,
    ]
    assert MarginAccount.objects.get(pk=account).open_call is None
    assert ledger.balances(account)[Role.CASH, "HKD"] == 0
    assert books_balance()


def called_for_420072(firm: Firm, account: UUID) -> None:
    calm = firm.price_set
    firm.assess(account)
    with pytest.raises(NothingToDo):
        firm.assess(account)
    firm.wait(hours=3)
    firm.prices(FALLEN)
    firm.assess(account, calm_set=calm)
    issued = last(account, CallIssued)
    standing = issued.standing
    assert (standing.lending_value, standing.shortfall) == (Decimal("1199920"), Decimal("300080"))
    assert (standing.call_amount, issued.securities, issued.va) == (420_072, 156_120, 263_952)
    assert issued.va_due_at == open_call(account).issued_at + timedelta(hours=12)
    assert issued.securities_due_at == NOON_NEXT_DAY
    assert recompute(issued) == issued


def cured_in_part(firm: Firm, account: UUID) -> None:
    margin.deposit(context(), account=account, asset="HKD", amount=Decimal(100_000))
    assert owed(account) == 1_400_000
    cured = last(account, CallPartMet)
    assert (cured.cured, cured.va_left, cured.securities_left) == (100_000, 163_952, 156_120)
    assert open_call(account).stage == Stage.PARTIALLY_MET
    with pytest.raises(NothingToDo):
        expire(firm, account)


def va_part_expired_and_sold(firm: Firm, account: UUID) -> None:
    firm.wait(hours=12)
    firm.prices({})
    expire(firm, account)
    expired = last(account, CallExpired)
    assert (expired.scope, expired.cause, expired.unmet) == (Scope.VA, Cause.DEADLINE, 163_952)
    with pytest.raises(NothingToDo):
        expire(firm, account)
    sale = plan_and_order(firm, account)
    leg = sale.legs.get()
    assert (leg.asset, leg.quantity) == ("BTC", Decimal("0.35155522"))
    assert leg.proceeds <= 163_952
    assert Outbox.objects.filter(kind="margin.sell-order").count() == 1
    fill(firm, account, sale, "V-1")
    assert last(account, Repaid).source is Money.FORCED_SALE
    assert owed(account) == 1_400_000 - leg.proceeds
    assert last(account, SaleClosed).outcome is Outcome.PLAN_DONE
    assert open_call(account).stage == Stage.PARTIALLY_MET


def rest_expired_and_sold(firm: Firm, account: UUID) -> None:
    firm.time = NOON_NEXT_DAY
    firm.prices({})
    expire(firm, account)
    assert last(account, CallExpired).scope is Scope.ALL
    sale = plan_and_order(firm, account)
    planned = last(account, SalePlanned)
    assert planned.meets_target
    assert round(margin_ratio(planned.loan_after, planned.lending_value_after), 6) == Decimal("0.9")
    fill(firm, account, sale, "V-2")
    closed = last(account, SaleClosed)
    assert (closed.outcome, closed.call_closed) == (Outcome.TARGET_MET, True)
    assert round(margin_ratio(closed.standing.loan, closed.standing.lending_value), 6) == Decimal("0.9")


def test_the_whole_call_sold_at_once_takes_one_leg_of_141019599_satoshi(firm: Firm) -> None:
    account = firm.base_book()
    calm = firm.price_set
    firm.wait(hours=3)
    firm.prices(FALLEN)
    firm.assess(account, calm_set=calm)
    firm.wait(days=1)
    firm.prices({})
    expire(firm, account)
    sale = plan_and_order(firm, account)
    assert [(leg.asset, leg.quantity) for leg in sale.legs.all()] == [("BTC", Decimal("1.41019599"))]
    fill(firm, account, sale, "V-1", Decimal("0.41019599"))
    assert open_call(account).stage == Stage.PART_EXECUTED
    with pytest.raises(NothingToDo):
        fill(firm, account, sale, "V-1", Decimal("0.41019599"))
    fill(firm, account, sale, "V-2", Decimal(1))
    closed = last(account, SaleClosed).standing
    assert round(margin_ratio(closed.loan, closed.lending_value), 6) == Decimal("0.9")
    assert ledger.balances(account)[Role.COLLATERAL, "BTC"] == Decimal("0.58980401")


def books_balance() -> bool:
    """Whether all postings of each asset sum to zero."""
    rows = store.cursor().execute(
        "SELECT sum(p.amount) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account"
        " GROUP BY a.asset"
    )
    return not any(total for (total,) in rows)
