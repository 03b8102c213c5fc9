"""The cycle as the jobs run it: it values, calls, expires, sells and charges by itself."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from brokerage.jobs import commands as jobs
from brokerage.jobs import outbox
from brokerage.jobs.models import JobRun, Outbox, OutboxState, Parked
from brokerage.jobs.schedule import Run
from brokerage.ledger.chart import Role
from brokerage.ledger.commands import Busy
from brokerage.ledger.entry import Context
from brokerage.ledger.models import Refusal
from brokerage.market import queries as market
from margin import tasks
from margin.events import CallIssued, InterestAccrued, SaleClosed
from margin.models import Sale, Valuation
from margin.rules.lifecycle import Stage
from tests.margin.firm import BASE, FALLEN, Firm, kinds, last, open_call, owed

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


RECOVERED = {"0700": "500", "2800": "25", "BTC": "97000", "ETH": "3900"}
"""The worked example a little under water: a warning, no call."""


def shard(job: str, slot: datetime) -> Run:
    """A run of an earlier slot, as a worker meets it after an outage."""
    return Run(id=uuid4(), job=job, slot=slot, late=True)


def test_a_shard_left_from_before_an_outage_sells_nobody_out_who_is_well_again(firm: Firm) -> None:
    firm.adopt(automatic_sales=True)
    account = firm.base_book()
    cycle(firm)
    firm.prices(FALLEN)
    before = firm.time
    firm.wait(days=3)
    firm.prices(RECOVERED)
    tasks.revalue(shard("margin.revalue", before), [account])
    tasks.expire(shard("margin.expire", before), [account])
    tasks.sell(shard("margin.sell", before), [account])
    assert "call-issued" not in kinds(account)
    assert not Outbox.objects.exists()


def test_a_shard_that_comes_seconds_late_judges_a_purchase_at_its_own_prices(firm: Firm) -> None:
    account = firm.account({"0700": "2000", "HKD": "0.01"})
    firm.wait(hours=1)
    firm.prices({"0700": "450"})
    minute = firm.time
    firm.wait(seconds=20)
    firm.prices({"0700": "500"})
    firm.buy(account, "0700", "4000")
    tasks.revalue(shard("margin.revalue", minute), [account])
    assert "call-issued" not in kinds(account)


def test_the_deadlines_of_a_call_found_late_run_from_its_finding(firm: Firm) -> None:
    account = firm.base_book()
    cycle(firm)
    firm.prices(FALLEN)
    before = shard("margin.revalue", firm.time)
    firm.wait(hours=13)
    firm.prices({})
    tasks.revalue(before, tasks._value_book(before))
    call = open_call(account)
    assert call.issued_at == firm.time
    assert Valuation.objects.get(account=account).price_set == firm.price_set
    tasks.expire(shard("margin.expire", firm.time), [account])
    assert open_call(account).expired == "nothing"


def test_an_overdue_call_that_newer_prices_meet_does_not_expire_on_the_older_ones(firm: Firm) -> None:
    account = firm.base_book()
    cycle(firm)
    firm.prices(FALLEN)
    cycle(firm)
    firm.time = open_call(account).securities_due_at
    firm.prices({})
    overdue = firm.time
    firm.wait(seconds=20)
    firm.prices(BASE | {"0700": "600"})
    tasks.expire(shard("margin.expire", overdue), [account])
    assert "call-expired" not in kinds(account)


def test_an_account_that_cannot_be_judged_silences_nobody_else(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, called = firm.base_book(), firm.base_book()
    cycle(firm)
    firm.prices(FALLEN)
    assess = tasks.commands.assess

    def assess_but_one(context: Context, *, accounts: list[UUID], price_set: UUID) -> None:
        if busy in accounts:
            raise Busy("Another command is at work on the same account.")
        assess(context, accounts=accounts, price_set=price_set)

    monkeypatch.setattr(tasks, "BATCH", 1)
    monkeypatch.setattr(tasks.commands, "assess", assess_but_one)
    firm.wait(seconds=10)
    glance(firm)
    assert "call-issued" in kinds(called)
    assert JobRun.objects.filter(job="margin.revalue", slot=market.price_set(firm.price_set).slot).exists()


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
