"""The cycle as the jobs run it: it values, calls, expires, sells and charges by itself."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from brokerage.jobs import commands as jobs
from brokerage.jobs import outbox
from brokerage.jobs.models import Outbox, OutboxState, Parked
from brokerage.jobs.schedule import Run
from brokerage.ledger.chart import Role
from brokerage.ledger.models import Refusal
from margin import tasks
from margin.events import CallIssued, InterestAccrued, SaleClosed
from margin.models import Sale, Valuation
from margin.rules.lifecycle import Stage
from tests.margin.firm import FALLEN, Firm, kinds, last, open_call, owed

pytestmark = pytest.mark.django_db(transaction=True)


def cycle(firm: Firm) -> None:
    """One minute of the cycle: enter what is due and work until nothing is left."""
    firm.wait(minutes=1)
    jobs.tick()
    for queue in ("reval", "money"):
        jobs.drain(queue, "test")
    outbox.relay()


def test_the_cycle_calls_and_splits_by_the_prices_before(firm: Firm) -> None:
    account = firm.base_book()
    cycle(firm)
    assert Valuation.objects.get(account=account).health == "warning"
    firm.prices(FALLEN)
    cycle(firm)
    issued = last(account, CallIssued)
    assert (issued.securities, issued.va) == (Decimal(156_120), Decimal(263_952))
    cycle(firm)
    assert kinds(account).count("call-issued") == 1


def test_the_prices_before_are_those_of_the_last_look_not_of_a_set_nobody_looked_at(firm: Firm) -> None:
    account = firm.base_book()
    cycle(firm)
    firm.prices(FALLEN | {"0700": "500"})
    firm.prices({"0700": "400"})
    cycle(firm)
    issued = last(account, CallIssued)
    assert (issued.securities, issued.va) == (Decimal(156_120), Decimal(263_952))


def test_a_price_between_two_minutes_is_followed_within_seconds(firm: Firm) -> None:
    account = firm.base_book()
    cycle(firm)
    firm.time = firm.time.replace(second=5)
    firm.prices(FALLEN)
    firm.wait(seconds=10)
    jobs.tick()
    jobs.drain("reval", "test")
    assert "call-issued" in kinds(account)


def glance(firm: Firm) -> None:
    """One look at the prices, without the revaluation it asks for."""
    tasks.follow_prices(Run(id=uuid4(), job="margin.follow-prices", slot=firm.time, late=False), ())


def test_a_fall_between_two_minutes_calls_whom_it_breaches_before_the_book_is_valued(firm: Firm) -> None:
    account, spared = firm.base_book(), firm.account({"2800": "500"})
    cycle(firm)
    valued = Valuation.objects.get(account=account).price_set
    glance(firm)
    assert "call-issued" not in kinds(account)
    firm.prices(FALLEN)
    glance(firm)
    firm.wait(seconds=10)
    glance(firm)
    issued = last(account, CallIssued)
    assert (issued.securities, issued.va) == (Decimal(156_120), Decimal(263_952))
    assert kinds(account).count("call-issued") == 1
    assert "call-issued" not in kinds(spared)
    assert Valuation.objects.get(account=account).price_set == valued


def test_the_cycle_sells_by_itself_where_the_policy_allows_it(firm: Firm) -> None:
    firm.adopt(automatic_sales=True)
    account = firm.base_book()
    cycle(firm)
    firm.prices(FALLEN)
    cycle(firm)
    firm.time = open_call(account).securities_due_at
    firm.prices({})
    for _ in range(3):
        cycle(firm)
        firm.prices({})
    assert last(account, SaleClosed).call_closed
    assert Outbox.objects.get().state == OutboxState.SENT
    assert owed(account) < Decimal(850_000)
    assert not Parked.objects.exists()


def test_the_cycle_waits_for_a_second_person_where_it_does_not(firm: Firm) -> None:
    account = firm.base_book()
    firm.prices(FALLEN)
    cycle(firm)
    firm.time = open_call(account).securities_due_at
    firm.prices({})
    cycle(firm)
    cycle(firm)
    assert open_call(account).stage == Stage.PLANNED
    assert Sale.objects.get().state == Sale.State.PLANNED
    assert not Refusal.objects.exists()
    assert not Parked.objects.exists()


def test_missed_days_of_interest_are_accrued_in_order_and_the_month_is_charged(firm: Firm) -> None:
    account = firm.base_book()
    cycle(firm)
    firm.wait(days=30)
    for _ in range(2):
        cycle(firm)
    assert last(account, InterestAccrued).day == date(2026, 3, 31)
    days = [each for each in kinds(account) if each == "interest-accrued"]
    assert len(days) == 30
    assert owed(account, Role.INTEREST_ACCRUED) == 0
    assert owed(account) == Decimal("1509760.27")
