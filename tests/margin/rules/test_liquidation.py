"""Forced sale: the worked example, the skip rule, and 20,000 random books tried lot by lot in fractions."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random

import pytest

from margin.rules.calls import assess, is_met
from margin.rules.liquidation import SalePlan, plan_sale
from margin.rules.policy import AssetKind, ConcentrationCap
from margin.rules.valuation import Book, Quote, margin_ratio, value
from tests.margin import oracle
from tests.margin.books import (
    LOTS,
    Case,
    base_book,
    base_policy,
    base_quotes,
    caps_bind,
    random_case,
    share,
)

D = Decimal
FALLEN = base_quotes(va_fall="0.40", share_fall="0.20")


def _ratio_after_selling_btc(gross: Decimal) -> Decimal:
    """The margin ratio, in percent to four places, after selling BTC worth `gross` at the fallen prices."""
    book, policy = base_book(), base_policy()
    unit = FALLEN["BTC"].price * FALLEN["BTC"].fx_rate
    positions = {**book.positions, "BTC": book.positions["BTC"] - gross / unit}
    after = value(positions, FALLEN, policy)
    ratio = margin_ratio(book.loan - gross * (1 - policy.trade_cost), after.lending_value)
    assert ratio is not None
    return round(ratio * 100, 4)


class TestWorkedExample:
    def test_sells_btc_to_the_last_unit_and_restores_ninety_percent(self) -> None:
        plan = plan_sale(base_book(), FALLEN, base_policy(), lots=LOTS, order=["BTC", "ETH", "0700", "2800"])
        (leg,) = plan.legs
        assert (leg.asset, leg.quantity, leg.gross) == ("BTC", D("1.41019599"), D("659971.72"))
        assert leg.cost == D("2309.90")
        assert leg.proceeds == D("657661.82")
        ratio = margin_ratio(plan.book_after.loan, plan.after.lending_value)
        assert ratio is not None
        assert round(ratio * 100, 6) == 90
        assert plan.met
        assert plan.deficit == 0

    def test_closed_form_gives_the_same_value(self) -> None:
        gross = oracle.sale_value(
            Fraction(1_500_000), Fraction(1_199_920), Fraction("0.60"), Fraction("0.90"), Fraction("0.0035")
        )
        assert round(gross, 2) == Fraction("659971.72")

    def test_selling_only_the_shortfall_is_not_enough(self) -> None:
        assert round(_ratio_after_selling_btc(D(300_080)), 1) == D("111.2")

    def test_selling_only_the_call_amount_is_not_enough(self) -> None:
        assert _ratio_after_selling_btc(D(420_072)) == D("104.7977")


class TestOrderAndSkipping:
    """Two or three assets at a unit price of 1, sold one unit at a time, without cost unless said."""

    def _plan(
        self,
        holdings: dict[str, tuple[int, str]],
        loan: int,
        *,
        order: str = "",
        cost: str = "0",
        target: str = "0.9",
        caps: dict[str, ConcentrationCap] | None = None,
    ) -> SalePlan:
        policy = replace(
            base_policy(),
            assets={name: share(haircut) for name, (_, haircut) in holdings.items()},
            trade_cost=D(cost),
            target=D(target),
            caps=caps or {},
        )
        positions = {name: D(quantity) for name, (quantity, _) in holdings.items()}
        book = Book(positions=positions, loan=D(loan), limit=D(10_000))
        quotes = {name: Quote(price=D(1)) for name in holdings}
        lots = dict.fromkeys(holdings, D(1))
        return plan_sale(book, quotes, policy, lots=lots, order=list(order))

    def test_a_met_account_sells_nothing(self) -> None:
        assert self._plan({"A": (100, "0.5")}, 40).legs == ()

    def test_the_first_asset_that_can_restore_alone_is_sold_alone(self) -> None:
        plan = self._plan({"A": (1000, "0.5"), "B": (1000, "0.5")}, 950, order="BA")
        assert [(leg.asset, leg.quantity) for leg in plan.legs] == [("B", D(91))]

    def test_an_asset_outside_the_order_is_sold_last(self) -> None:
        plan = self._plan({"A": (10, "0.5"), "B": (1000, "0.5")}, 500, order="A")
        assert [leg.asset for leg in plan.legs] == ["A", "B"]

    def test_an_asset_whose_sale_worsens_the_ratio_is_skipped_while_another_restores_it(self) -> None:
        plan = self._plan({"A": (100, "0"), "B": (1000, "0.7")}, 500, order="AB", cost="0.05")
        assert [leg.asset for leg in plan.legs] == ["B"]
        assert plan.met

    def test_a_skipped_asset_is_sold_when_the_others_do_not_suffice(self) -> None:
        plan = self._plan({"A": (500, "0.05"), "B": (100, "0.7")}, 560, order="AB", cost="0.01")
        assert [leg.asset for leg in plan.legs] == ["B", "A"]
        assert plan.met

    def test_an_asset_that_only_loses_is_not_sold_before_one_that_still_shrinks_the_call(self) -> None:
        holdings = {"Z": (5000, "0"), "A": (500, "0.05"), "B": (400, "0.7")}
        plan = self._plan(holdings, 5_875, order="ZAB", cost="0.01", target="1")
        assert {leg.asset: leg.quantity for leg in plan.legs} == {"B": D(400), "A": D(100)}
        assert plan.met

    def test_a_deficit_leaves_nothing_unsold(self) -> None:
        plan = self._plan({"A": (500, "0"), "B": (100, "0.7")}, 700, order="AB", cost="0.01")
        assert not plan.met
        assert {leg.asset: leg.quantity for leg in plan.legs} == {"A": D(500), "B": D(100)}
        assert plan.deficit == D(700) - D(600) * D("0.99")
        assert not any(plan.book_after.positions.values())

    def test_securities_that_carry_a_capped_group_are_not_sold_before_it(self) -> None:
        half = {"B": ConcentrationCap(share=D("0.5"))}
        plan = self._plan({"A": (300, "0.3"), "B": (1000, "0.6")}, 500, order="AB", caps=half)
        assert [leg.asset for leg in plan.legs] == ["B"]
        assert plan.met

    def test_an_odd_lot_is_sold_with_the_rest_of_the_holding(self) -> None:
        book = Book(positions={"0700": D(250)}, loan=D(124_000), limit=D(200_000))
        policy = replace(base_policy(), trade_cost=D(0))
        plan = plan_sale(book, base_quotes(), policy, lots=LOTS, order=["0700"])
        assert plan.legs[0].quantity == D(250)

    def test_a_loan_over_the_limit_is_brought_back_to_it(self) -> None:
        book = base_book(loan="1000000", limit="900000")
        plan = plan_sale(book, base_quotes(), base_policy(), lots=LOTS, order=["0700"])
        assert plan.legs[0].quantity == D(300)
        assert plan.book_after.loan <= D(900_000) < plan.book_after.loan + D(50_000)


class TestPartOfACall:
    def test_only_virtual_assets_up_to_their_part_are_sold(self) -> None:
        plan = plan_sale(
            base_book(), FALLEN, base_policy(),
            lots=LOTS, order=["0700", "BTC", "ETH"], only=AssetKind.VA, at_most=D(263_952),
        )  # fmt: skip
        assert [leg.asset for leg in plan.legs] == ["BTC"]
        repaid = base_book().loan - plan.book_after.loan
        one_lot = LOTS["BTC"] * FALLEN["BTC"].price * FALLEN["BTC"].fx_rate
        assert D(263_952) - one_lot < repaid <= D(263_952)
        assert not plan.met
        assert plan.deficit == 0

    def test_it_goes_on_to_the_next_virtual_asset(self) -> None:
        book = replace(base_book(), positions={**base_book().positions, "BTC": D("0.1")})
        plan = plan_sale(
            book,
            FALLEN,
            base_policy(),
            lots=LOTS,
            order=["BTC", "ETH"],
            only=AssetKind.VA,
            at_most=D(100_000),
        )
        assert [leg.asset for leg in plan.legs] == ["BTC", "ETH"]
        assert sum(leg.proceeds for leg in plan.legs) <= D(100_000)


class TestDust:
    """A quantity that comes to less than a cent cannot be traded: no venue would settle it."""

    def test_is_never_planned(self) -> None:
        book = replace(base_book(), positions={"ETH": D("0.0000000069"), "BTC": D("0.1")})
        lots = {**LOTS, "ETH": D("1e-18")}
        plan = plan_sale(book, FALLEN, base_policy(), lots=lots, order=["ETH", "BTC"])
        assert [leg.asset for leg in plan.legs] == ["BTC"]
        assert plan.deficit > 0

    def test_a_leg_that_a_thousandth_of_a_cent_would_do_sells_a_cents_worth(self) -> None:
        book, lots = base_book(), {**LOTS, "ETH": D("1e-18")}
        level = value(book.positions, FALLEN, base_policy()).lending_value * base_policy().target
        plan = plan_sale(
            replace(book, loan=level + D("0.00001")), FALLEN, base_policy(), lots=lots, order=["ETH"]
        )
        (leg,) = plan.legs
        assert (leg.asset, leg.gross, plan.met) == ("ETH", D("0.01"), True)


def _sold(plan: SalePlan) -> dict[str, Fraction]:
    return {leg.asset: Fraction(leg.quantity) for leg in plan.legs}


def _check_against_oracle(case: Case, order: list[str]) -> SalePlan:
    """Each leg is the fewest lots the others need; without success everything is sold."""
    plan = plan_sale(case.book, case.quotes, case.policy, lots=case.lots, order=order)
    world, state, sold = oracle.world(case.quotes, case.policy), oracle.state(case.book), _sold(plan)
    assert oracle.within(oracle.sold(state, world, sold), world, world.target) == plan.met
    if not plan.met:
        assert sold == {name: held for name, held in state.positions.items() if held}
        return plan
    for name in sold:
        rest = {other: quantity for other, quantity in sold.items() if other != name}
        steps = oracle.lot_steps(state.positions[name], Fraction(case.lots[name]))
        met = (
            step
            for step in steps
            if oracle.within(oracle.sold(state, world, {**rest, name: step}), world, world.target)
        )
        least = next(met)
        assert sold[name] == least, (case, name)
    return plan


@pytest.mark.parametrize("seed", range(20))
def test_random_plans_restore_the_target_with_the_fewest_lots_or_sell_everything(seed: int) -> None:
    random = Random(seed)
    seen: Counter[str] = Counter()
    for _ in range(1_000):
        case = random_case(random, leverage=(0.2, 1.05), most_lots=5)
        order = random.sample(sorted(case.book.positions), len(case.book.positions))
        plan = _check_against_oracle(case, order)
        seen["capped"] += caps_bind(value(case.book.positions, case.quotes, case.policy).groups)
        seen["tiered"] += any(len(case.policy.assets[leg.asset].tiers) > 1 for leg in plan.legs)
        seen["many legs"] += len(plan.legs) > 1
        seen["unmet"] += not plan.met
    assert seen["capped"] > 300
    assert seen["tiered"] > 200
    assert seen["many legs"] > 200
    assert seen["unmet"] > 20


@pytest.mark.parametrize("seed", range(2))
def test_no_set_of_sales_would_have_restored_what_a_plan_could_not(seed: int) -> None:
    random, unmet = Random(seed), 0
    while unmet < 25:
        case = random_case(random, leverage=(0.9, 1.05), most_lots=2)
        plan = plan_sale(case.book, case.quotes, case.policy, lots=case.lots, order=[])
        if plan.met or len(case.book.positions) > 3:
            continue
        unmet += 1
        world, state = oracle.world(case.quotes, case.policy), oracle.state(case.book)
        steps = [
            list(oracle.lot_steps(held, Fraction(case.lots[name]))) for name, held in state.positions.items()
        ]
        for quantities in product(*steps):
            sold = dict(zip(state.positions, quantities, strict=True))
            assert not oracle.within(oracle.sold(state, world, sold), world, world.target), case


@pytest.mark.parametrize("seed", range(2))
def test_fine_lots_agree_with_the_closed_form_where_it_applies(seed: int) -> None:
    random, compared = Random(seed), 0
    for _ in range(1_000):
        case = random_case(random, leverage=(0.3, 0.7))
        case = replace(case, lots=dict.fromkeys(case.lots, D("0.00000001")))
        (name, held), *_ = case.book.positions.items()
        before = assess(case.book, case.quotes, case.policy)
        plan = plan_sale(case.book, case.quotes, case.policy, lots=case.lots, order=[name])
        tiers = case.policy.assets[name].tiers
        capped = caps_bind(before.valuation.groups) or caps_bind(plan.after.groups)
        if (
            capped
            or len(tiers) > 1
            or [leg.asset for leg in plan.legs] != [name]
            or case.book.loan > case.book.limit
        ):
            continue
        gross = oracle.sale_value(
            Fraction(case.book.loan),
            Fraction(before.valuation.lending_value),
            Fraction(tiers[0].haircut),
            Fraction(case.policy.target),
            Fraction(case.policy.trade_cost),
        )
        unit = case.quotes[name].price * case.quotes[name].fx_rate
        assert (
            gross <= Fraction(plan.legs[0].quantity * unit) < gross + Fraction(unit * case.lots[name])
            or plan.legs[0].quantity == held
        )
        assert is_met(plan.book_after.loan, plan.after.lending_value, case.book.limit, case.policy.target)
        compared += 1
    assert compared > 30
