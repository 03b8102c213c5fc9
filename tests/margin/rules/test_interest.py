"""Interest: the worked example, day counts, rounding that loses nothing, and the legal ceiling."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.rules.interest import (
    NoDayCount,
    RateAboveLegalLimit,
    check_lawful_rate,
    daily_interest,
    effective_annual_rate,
    monthly_charge,
)
from margin.rules.policy import InterestTier
from tests.margin.books import INTEREST

D = Decimal
money = st.decimals(min_value=0, max_value=10**12, places=8)


class TestDailyInterest:
    def test_of_the_worked_example(self) -> None:
        assert daily_interest(D(1_500_000), INTEREST, "HKD") == D("325.34246575")

    def test_for_three_days_is_charged_as_shown(self) -> None:
        charge = monthly_charge([daily_interest(D(1_500_000), INTEREST, "HKD")] * 3)
        assert charge.amount == D("976.03")
        assert charge.amount + charge.residual == D("976.02739725")

    @pytest.mark.parametrize(("currency", "days"), [("HKD", 365), ("GBP", 365), ("USD", 360)])
    def test_uses_the_day_count_of_the_currency(self, currency: str, days: int) -> None:
        tiers = (InterestTier(up_to=None, rate=D("0.10")),)
        assert daily_interest(D(days) * 10, tiers, currency) == D(1)

    def test_applies_each_rate_to_its_slice_only(self) -> None:
        tiers = (InterestTier(up_to=D(100), rate=D("0.365")), InterestTier(up_to=None, rate=D("0.73")))
        assert daily_interest(D(100), tiers, "HKD") == D("0.1")
        assert daily_interest(D(150), tiers, "HKD") == D("0.2")

    @pytest.mark.parametrize("debit", [0, -100])
    def test_is_nothing_without_a_debit(self, debit: int) -> None:
        assert daily_interest(D(debit), INTEREST, "HKD") == 0

    def test_is_refused_for_a_currency_without_day_count(self) -> None:
        with pytest.raises(NoDayCount):
            daily_interest(D(1), INTEREST, "JPY")


class TestMonthlyCharge:
    @pytest.mark.parametrize(
        ("accrued", "amount"), [("1.005", "1.01"), ("1.00499999", "1.00"), ("0", "0.00")]
    )
    def test_rounds_half_up_once(self, accrued: str, amount: str) -> None:
        assert monthly_charge([D(accrued)]).amount == D(amount)

    @settings(max_examples=500, deadline=None)
    @given(st.lists(money, max_size=31))
    def test_and_its_residual_are_all_that_accrued(self, accruals: list[Decimal]) -> None:
        charge = monthly_charge(accruals)
        assert charge.amount + charge.residual == sum(accruals)
        assert abs(charge.residual) <= D("0.005")


@pytest.mark.rule("INT-1")
class TestLegalCeiling:
    def test_counts_compounding_penalty_and_fees(self) -> None:
        assert effective_annual_rate(D("0.12")) == D("1.01") ** 12 - 1
        rate = effective_annual_rate(D("0.06"), penalty_rate=D("0.04"), yearly_fees=D("0.02"))
        assert rate == D("1.01") ** 12 - 1

    @pytest.mark.parametrize(("rate", "warns"), [("0.36", False), ("0.3601", True), ("0.48", True)])
    def test_warns_above_thirty_six_percent(self, rate: str, warns: bool) -> None:
        assert check_lawful_rate(D(rate)) is warns

    def test_refuses_above_forty_eight_percent(self) -> None:
        with pytest.raises(RateAboveLegalLimit) as refusal:
            check_lawful_rate(D("0.480001"))
        assert refusal.value.code == "margin.rate-above-legal-limit"
