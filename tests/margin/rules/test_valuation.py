"""The pricing kernel: the worked example to the digits shown, tiers, merging, and what must be monotone."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from margin.rules import valuation
from margin.rules.calls import assess
from margin.rules.policy import ConcentrationCap, HaircutTier, TierBasis
from margin.rules.valuation import PriceMissing, Quote, collateral_value, tier_slices, value
from tests.margin import oracle
from tests.margin.books import Case, base_book, base_policy, base_quotes, random_case, share

D = Decimal
TIERED = replace(
    share("0.20"),
    tiers=(HaircutTier(up_to=D(1000), haircut=D("0.20")), HaircutTier(up_to=None, haircut=D("0.50"))),
)


class TestWorkedExample:
    def test_gives_market_lending_and_capital_value(self) -> None:
        valued = value(base_book().positions, base_quotes(), base_policy())
        assert valued.market_value == D(3_122_000)
        assert valued.lending_value == D(1_633_200)
        assert valued.capital_value == D(900_000)

    @pytest.mark.rule("FRR-5", "VAF-6")
    def test_gives_ratios_excess_and_charge(self) -> None:
        book, valued = base_book(), value(base_book().positions, base_quotes(), base_policy())
        loan_to_value = valuation.loan_to_value(book.loan, valued.market_value)
        margin_ratio = valuation.margin_ratio(book.loan, valued.lending_value)
        assert loan_to_value is not None
        assert margin_ratio is not None
        assert round(loan_to_value * 100, 4) == D("48.0461")
        assert round(margin_ratio * 100, 4) == D("91.8442")
        assert valuation.excess(book.loan, valued.lending_value, book.limit) == D(133_200)
        assert valuation.shortfall(book.loan, valued.lending_value, book.limit) == 0
        assert valuation.capital_charge(book.loan, valued.capital_value) == D(600_000)

    def test_shows_each_position_on_a_line(self) -> None:
        lines = {
            line.asset: line for line in value(base_book().positions, base_quotes(), base_policy()).lines
        }
        assert {name: line.counted for name, line in lines.items()} == {
            "0700": D(700_000),
            "2800": D(200_000),
            "BTC": D(624_000),
            "ETH": D(109_200),
        }
        assert lines["BTC"].group == lines["ETH"].group == "VA"
        assert lines["BTC"].capital_value == 0


class TestTiers:
    def test_are_marginal_by_market_value(self) -> None:
        assert collateral_value(TIERED, D(30), Quote(price=D(50))) == D(1000) * D("0.8") + D(500) * D("0.5")

    def test_are_marginal_by_quantity_when_so_configured(self) -> None:
        terms = replace(TIERED, basis=TierBasis.QUANTITY)
        lent = collateral_value(terms, D(1500), Quote(price=D(2), fx_rate=D("7.8")))
        assert lent == (D(1000) * D("0.8") + D(500) * D("0.5")) * D("15.6")

    def test_slices_add_up_to_the_market_value(self) -> None:
        slices = tier_slices(TIERED, D(30), Quote(price=D(50)))
        assert [part.market_value for part in slices] == [D(1000), D(500)]

    def test_do_not_touch_a_negative_balance(self) -> None:
        assert collateral_value(TIERED, D(-30), Quote(price=D(50))) == D(-1500)

    def test_and_haircuts_leave_a_short_balance_in_full_in_all_three_totals(self) -> None:
        valued = value({"0700": D(-2), "2800": D(100)}, base_quotes(), base_policy())
        assert (valued.market_value, valued.lending_value, valued.capital_value) == (
            D(1500),
            D(1000),
            D(1000),
        )

    @pytest.mark.rule("VAF-4")
    def test_do_not_exist_for_an_unknown_asset_which_lends_nothing(self) -> None:
        valued = value({"SOL": D(5)}, {"SOL": Quote(price=D(10))}, base_policy())
        assert (valued.market_value, valued.lending_value, valued.capital_value) == (D(50), 0, 0)


class TestCapsInABook:
    @pytest.mark.rule("VAF-3", "VAF-8")
    def test_virtual_assets_are_one_group_that_securities_carry(self) -> None:
        positions = {"BTC": D(2), "ETH": D(10), "2800": D(10_000)}
        valued = value(positions, base_quotes(), base_policy())
        assert valued.lending_value == D(400_000)
        assert value({"BTC": D(2)}, base_quotes(), base_policy()).lending_value == 0

    def test_a_capped_group_is_spread_over_its_lines_without_loss(self) -> None:
        positions = {"BTC": D(2), "ETH": D(10), "2800": D(10_000)}
        valued = value(positions, base_quotes(), base_policy())
        assert sum(line.counted for line in valued.lines) == valued.lending_value
        assert all(line.counted <= line.collateral_value for line in valued.lines)

    @pytest.mark.rule("SMF-2")
    def test_related_names_merge_before_the_cap(self) -> None:
        related = replace(share("0"), group="family")
        apart = replace(base_policy(), default_cap=ConcentrationCap(share=D("0.5")))
        together = replace(apart, assets={"A": related, "B": related, "C": share("0"), "D": share("0")})
        apart = replace(apart, assets=dict.fromkeys("ABCD", share("0")))
        quotes, positions = dict.fromkeys("ABCD", Quote(price=D(1))), dict.fromkeys("ABCD", D(100))
        positions["C"] = D(10)
        assert value(positions, quotes, apart).lending_value == D(310)
        assert value(positions, quotes, together).lending_value == D(220)


class TestWithoutAPrice:
    def test_a_position_counts_as_nothing_and_is_named(self) -> None:
        with_it = value({**base_book().positions, "0005": D(400)}, base_quotes(), base_policy())
        without = value(base_book().positions, base_quotes(), base_policy())
        assert with_it.unpriced == ("0005",)
        assert without.unpriced == ()
        assert (with_it.market_value, with_it.lending_value, with_it.capital_value) == (
            without.market_value, without.lending_value, without.capital_value
        )  # fmt: skip

    def test_a_negative_position_is_refused(self) -> None:
        with pytest.raises(PriceMissing) as refusal:
            value({"0005": D(-1)}, base_quotes(), base_policy())
        assert refusal.value.code == "margin.price-missing"

    def test_ignores_a_position_of_zero_even_without_a_price(self) -> None:
        assert value({"0005": D(0)}, {}, base_policy()).lines == ()


def _lv(case: Case) -> Decimal:
    return value(case.book.positions, case.quotes, case.policy).lending_value


@pytest.mark.parametrize("seed", range(5))
def test_random_books_are_valued_as_the_oracle_values_them(seed: int) -> None:
    random = Random(seed)
    for _ in range(1_000):
        case = random_case(random, leverage=(0.2, 1.0))
        positions = oracle.state(case.book).positions
        expected = oracle.lending_value(positions, oracle.world(case.quotes, case.policy))
        assert abs(Fraction(_lv(case)) - expected) < Fraction(1, 10**80)


@pytest.mark.parametrize("seed", range(5))
def test_a_lower_price_never_gives_better_health_or_lending_value(seed: int) -> None:
    random = Random(seed)
    order = ["normal", "warning", "call", "hard"]
    for _ in range(500):
        case = random_case(random, leverage=(0.2, 0.8))
        name = random.choice(list(case.book.positions))
        lower = replace(case.quotes[name], price=case.quotes[name].price * D(random.randint(1, 99)) / 100)
        before = assess(case.book, case.quotes, case.policy)
        after = assess(case.book, {**case.quotes, name: lower}, case.policy)
        assert after.valuation.lending_value <= before.valuation.lending_value
        assert order.index(after.health) >= order.index(before.health)


@pytest.mark.parametrize("seed", range(5))
def test_a_higher_haircut_never_raises_the_lending_value(seed: int) -> None:
    random = Random(seed)
    for _ in range(500):
        case = random_case(random, leverage=(0.2, 0.8))
        name = random.choice(list(case.book.positions))
        terms = case.policy.assets[name]
        harsher = tuple(replace(tier, haircut=(tier.haircut + 1) / 2) for tier in terms.tiers)
        assets = {**case.policy.assets, name: replace(terms, tiers=harsher)}
        stricter = replace(case, policy=replace(case.policy, assets=assets))
        assert _lv(stricter) <= _lv(case)
