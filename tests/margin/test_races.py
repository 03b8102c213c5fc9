"""What several threads at one client cannot do: borrow twice on the same worth, or be called twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from decimal import Decimal
from functools import partial

import pytest
from django.db import connections

from brokerage.clients.rules.virtual_assets import BeyondExposure
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.refusal import Refused
from margin import commands as margin
from margin.models import Call, MarginAccount
from margin.rules.limits import BeyondAssessment
from tests.factories import context
from tests.margin.firm import FALLEN, Firm, kinds, owed
from tests.margin.test_limits import ASSESSED, limit, opened
from tests.onboarding import OnboardedClientFactory

THREADS = 6


def together(*acts: Callable[[], object]) -> list[str]:
    """Run each act in a thread, under the test's clock; "done" or the code of each refusal."""

    def attempt(act: Callable[[], object]) -> str:
        try:
            act()
        except Refused as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return [each.result() for each in [pool.submit(copy_context().run, attempt, act) for act in acts]]


@pytest.mark.django_db(transaction=True)
def test_purchases_at_once_never_exceed_the_buying_power(firm: Firm) -> None:
    account = firm.base_book()
    outcomes = together(*[lambda: firm.buy(account, "0700", "800")] * THREADS)
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "margin.purchase-beyond-buying-power", "ledger.busy"}
    assert owed(account) == Decimal(1_901_400)


@pytest.mark.django_db(transaction=True)
def test_assessments_at_once_issue_one_call(firm: Firm) -> None:
    account = firm.base_book()
    firm.wait(hours=3)
    price_set = firm.prices(FALLEN)
    judge = partial(margin.assess, accounts=[account], price_set=price_set)
    outcomes = together(*[lambda: judge(context())] * THREADS)
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", NothingToDo.code, "ledger.busy"}
    assert kinds(account).count("call-issued") == Call.objects.count() == 1


@pytest.mark.rule("VAF-7")
@pytest.mark.django_db(transaction=True)
def test_limits_set_at_once_stay_together_within_the_assessment(firm: Firm) -> None:
    client = OnboardedClientFactory()
    accounts = [opened(client) for _ in range(THREADS)]
    outcomes = together(*[partial(limit, account, ASSESSED / 2) for account in accounts])
    assert outcomes.count("done") <= 2
    assert set(outcomes) <= {"done", BeyondAssessment.code, "ledger.busy"}
    limits = MarginAccount.objects.values_list("credit_limit", flat=True)
    assert sum(limits) == outcomes.count("done") * ASSESSED / 2


@pytest.mark.rule("CLI-4")
@pytest.mark.django_db(transaction=True)
def test_virtual_assets_bought_at_once_stay_together_within_the_exposure(firm: Firm) -> None:
    """At most 250,000 over all accounts: each buys 0.2 Bitcoin for 156,000."""
    client = OnboardedClientFactory()
    accounts = [opened(client) for _ in range(THREADS)]
    for account in accounts:
        margin.deposit(context(), account=account, asset="HKD", amount=Decimal(200_000))
    outcomes = together(*[partial(firm.buy, account, "BTC", "0.2", cost="0") for account in accounts])
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", BeyondExposure.code, "ledger.busy"}
