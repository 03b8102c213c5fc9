"""Interest accrues each day on the settled debit and joins the loan once a month."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import FIRM, Account, Role
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.ledger.refusal import Refused
from margin import commands as margin
from margin.events import InterestAccrued, InterestCharged
from margin.models import InterestMonth
from tests.factories import context
from tests.margin.firm import Firm, last, owed

DAY = date(2026, 3, 2)


def after(day: date) -> datetime:
    """Ten minutes into the next Hong Kong day."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), HONG_KONG) + timedelta(minutes=10)


def test_three_days_of_the_worked_example_are_charged_as_976_03(firm: Firm) -> None:
    account = firm.base_book()
    for n in range(3):
        firm.time = after(DAY + timedelta(days=n))
        margin.accrue_interest(context(), accounts=[account], day=DAY + timedelta(days=n))
    assert last(account, InterestAccrued).amount == Decimal("325.34246575")
    assert owed(account, Role.INTEREST_ACCRUED) == Decimal("976.02739725")
    assert ledger.balance(Account(FIRM, Role.INTEREST_INCOME, "HKD")) == Decimal("976.02739725")
    firm.time = after(date(2026, 3, 31))
    margin.charge_interest(context(), accounts=[account], month=DAY)
    charged = last(account, InterestCharged)
    assert (charged.amount, charged.residual) == (Decimal("976.03"), Decimal("-0.00260275"))
    assert owed(account) == Decimal("1500976.03")
    assert owed(account, Role.INTEREST_ACCRUED) == 0
    assert ledger.balance(Account(FIRM, Role.ROUNDING, "HKD")) == Decimal("0.00260275")


def test_a_day_accrues_once_whatever_the_key(firm: Firm) -> None:
    account = firm.base_book()
    firm.time = after(DAY)
    margin.accrue_interest(context(), accounts=[account], day=DAY)
    with pytest.raises(NothingToDo):
        margin.accrue_interest(context(), accounts=[account], day=DAY)
    assert InterestMonth.objects.get(account=account).days == 1


def test_the_debit_is_that_of_the_end_of_the_day_even_when_the_job_is_late(firm: Firm) -> None:
    account = firm.base_book()
    firm.time = after(DAY) + timedelta(hours=9)
    margin.deposit(context(), account=account, asset="HKD", amount=Decimal(500_000))
    margin.accrue_interest(context(), accounts=[account], day=DAY)
    assert last(account, InterestAccrued).debit == 1_500_000


def test_an_account_without_a_debit_accrues_nothing(firm: Firm) -> None:
    account = firm.account({"0700": "1000"})
    firm.time = after(DAY)
    with pytest.raises(NothingToDo):
        margin.accrue_interest(context(), accounts=[account], day=DAY)


def test_a_day_or_month_that_is_not_over_is_refused(firm: Firm) -> None:
    account = firm.base_book()
    for step in (
        lambda: margin.accrue_interest(context(), accounts=[account], day=DAY),
        lambda: margin.charge_interest(context(), accounts=[account], month=DAY),
    ):
        with pytest.raises(Refused) as refused:
            step()
        assert refused.value.code == "margin.day-not-over"


def test_what_accrued_late_is_charged_with_the_next_month(firm: Firm) -> None:
    account = firm.base_book()
    firm.time = after(date(2026, 3, 31))
    with pytest.raises(NothingToDo):
        margin.charge_interest(context(), accounts=[account], month=DAY)
    margin.accrue_interest(context(), accounts=[account], day=date(2026, 3, 31))
    firm.time = after(date(2026, 4, 30))
    margin.charge_interest(context(), accounts=[account], month=date(2026, 4, 1))
    assert last(account, InterestCharged).month == date(2026, 3, 1)
