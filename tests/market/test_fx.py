from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerage.market.rules.fx import BadRate, FxRate, MissingRate, checked_rates, conversion
from brokerage.market.rules.instruments import BadCurrency
from brokerage.market.rules.prices import BadPrice

HOUSE = FxRate(base="USD", quote="HKD", rate=Decimal("7.80"))


class TestConversion:
    def test_is_exact_as_quoted(self):
        assert conversion([HOUSE], "USD", "HKD") == Decimal("7.80")
        assert conversion([], "HKD", "HKD") == 1

    def test_refuses_a_pair_that_no_rate_joins(self):
        with pytest.raises(MissingRate):
            conversion([HOUSE], "EUR", "HKD")

    @given(st.decimals("0.000001", "100000", places=6))
    def test_there_and_back_is_the_same_to_thirty_digits(self, rate):
        rates = [FxRate(base="USD", quote="HKD", rate=rate)]
        there_and_back = conversion(rates, "USD", "HKD") * conversion(rates, "HKD", "USD")
        assert abs(there_and_back - 1) < Decimal("1e-26")


class TestRates:
    def test_that_are_good_pass_unchanged(self):
        assert checked_rates([HOUSE]) == (HOUSE,)

    @pytest.mark.parametrize(
        ("rate", "refusal"),
        [
            (FxRate(base="USD", quote="USD", rate=Decimal(1)), BadRate),
            (FxRate(base="HKD", quote="USD", rate=Decimal("0.128")), BadRate),
            (FxRate(base="BTC", quote="HKD", rate=Decimal(1)), BadCurrency),
            (FxRate(base="EUR", quote="HKD", rate=Decimal("-9")), BadPrice),
            (FxRate(base="EUR", quote="HKD", rate=Decimal("Infinity")), BadPrice),
        ],
    )
    def test_that_do_not_serve_are_refused(self, rate, refusal):
        with pytest.raises(refusal):
            checked_rates([HOUSE, rate])
