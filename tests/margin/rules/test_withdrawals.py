"""What may leave a margin account, and each refusal by its code."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from brokerage.ledger.refusal import Refused
from margin.rules.calls import Assessment
from margin.rules.withdrawals import check_cash_out, check_collateral_out
from tests.margin.books import base_book, base_policy, base_quotes

D = Decimal
LENIENT = replace(base_policy(), purchase_only_credit=False)


def _cash_out(amount: str, cash: str, *, policy: Any = None, credit_stopped: bool = False) -> Decimal:
    return check_cash_out(
        base_book(), D(amount), D(cash), base_quotes(), policy or base_policy(), credit_stopped=credit_stopped
    )


def _collateral_out(quantity: str, *, asset: str = "2800", credit_stopped: bool = False) -> Assessment:
    return check_collateral_out(
        base_book(), asset, D(quantity), base_quotes(), base_policy(), credit_stopped=credit_stopped
    )


@pytest.mark.rule("VAF-15")
class TestCashOut:
    def test_of_cash_held_draws_nothing(self) -> None:
        assert _cash_out("100", "100") == 0

    def test_on_credit_is_drawn_where_a_policy_allows_it(self) -> None:
        assert _cash_out("133300", "100", policy=LENIENT) == D(133_200)

    @pytest.mark.parametrize(
        ("code", "changes"),
        [
            ("margin.cash-out-on-credit", {"amount": "100.01"}),
            ("margin.credit-stopped", {"credit_stopped": True}),
            ("margin.withdrawal-beyond-excess", {"amount": "133300.01", "policy": LENIENT}),
            ("ledger.bad-amount", {"amount": "0"}),
            ("ledger.bad-amount", {"amount": "-1"}),
            ("ledger.bad-amount", {"amount": "NaN"}),
        ],
    )
    def test_is_refused_by_its_code(self, code: str, changes: dict[str, Any]) -> None:
        with pytest.raises(Refused) as refusal:
            _cash_out(**{"amount": "50", "cash": "100", **changes})
        assert refusal.value.code == code


class TestCollateralOut:
    def test_leaves_when_the_rest_carries_the_loan(self) -> None:
        after = _collateral_out("6660")
        assert after.valuation.lending_value == D(1_500_000)
        assert after.shortfall == 0

    def test_leaves_freely_without_a_loan(self) -> None:
        book = base_book(loan="0", limit="0")
        after = check_collateral_out(book, "2800", D(10_000), base_quotes(), base_policy())
        assert after.book.positions["2800"] == 0

    @pytest.mark.parametrize(
        ("code", "changes"),
        [
            ("margin.withdrawal-beyond-excess", {"quantity": "6661"}),
            ("margin.beyond-holding", {"quantity": "10001"}),
            ("margin.beyond-holding", {"asset": "0005"}),
            ("margin.credit-stopped", {"credit_stopped": True}),
            ("ledger.bad-amount", {"quantity": "0"}),
        ],
    )
    def test_is_refused_by_its_code(self, code: str, changes: dict[str, Any]) -> None:
        with pytest.raises(Refused) as refusal:
            _collateral_out(**{"quantity": "100", **changes})
        assert refusal.value.code == code
