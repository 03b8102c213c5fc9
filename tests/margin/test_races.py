"""What several threads at one account cannot do: borrow twice on the same collateral, or be called twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from decimal import Decimal

import pytest
from django.db import connections

from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.refusal import Refused
from margin import commands as margin
from margin.models import Call
from tests.factories import context
from tests.margin.firm import FALLEN, Firm, kinds, owed

THREADS = 6


def together(act: Callable[[], object]) -> list[str]:
    """Run the act in several threads, under the test's clock; "done" or the code of each refusal."""

    def attempt() -> str:
        try:
            act()
        except Refused as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(THREADS) as pool:
        return [each.result() for each in [pool.submit(copy_context().run, attempt) for _ in range(THREADS)]]


@pytest.mark.django_db(transaction=True)
def test_purchases_at_once_never_exceed_the_buying_power(firm: Firm) -> None:
    account = firm.base_book()
    outcomes = together(lambda: firm.buy(account, "0700", "800"))
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "margin.purchase-beyond-buying-power", "ledger.busy"}
    assert owed(account) == Decimal(1_901_400)


@pytest.mark.django_db(transaction=True)
def test_assessments_at_once_issue_one_call(firm: Firm) -> None:
    account = firm.base_book()
    firm.wait(hours=3)
    price_set = firm.prices(FALLEN)
    outcomes = together(lambda: margin.assess(context(), accounts=[account], price_set=price_set))
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", NothingToDo.code, "ledger.busy"}
    assert kinds(account).count("call-issued") == Call.objects.count() == 1
