"""A suspended security loses lending value step by step down to none, and keeps its last price."""

from datetime import date
from decimal import Decimal

import pytest

from margin.rules.suspension import ladder_haircut, with_suspensions
from margin.rules.valuation import value
from tests.margin.books import base_policy, base_quotes

D = Decimal
FIRST = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("days", "haircut"), [(0, "0"), (1, "0.50"), (4, "0.50"), (5, "0.75"), (10, "1"), (400, "1")]
)
def test_the_ladder_rises_with_the_days(days: int, haircut: str) -> None:
    assert ladder_haircut(base_policy(), days) == D(haircut)


def test_the_higher_of_ladder_and_tier_counts_for_lending_and_capital() -> None:
    policy = with_suspensions(base_policy(), {"0700": FIRST}, date(2026, 3, 7))
    valued = value({"0700": D(100), "2800": D(100)}, base_quotes(), policy)
    assert valued.market_value == D(52_500)
    assert valued.lending_value == D(12_500) + D(2_000)
    assert valued.capital_value == D(12_500) + D(2_000)


def test_a_milder_ladder_leaves_a_harsher_haircut_alone() -> None:
    policy = with_suspensions(base_policy(), {"BTC": FIRST}, date(2026, 3, 3))
    assert policy == base_policy()


def test_a_suspension_of_an_asset_without_terms_changes_nothing() -> None:
    assert with_suspensions(base_policy(), {"0005": FIRST}, date(2026, 3, 30)) == base_policy()
