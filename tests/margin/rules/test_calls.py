"""Calls: health at its boundaries, the worked amounts, cures and 20,000 random accounts in fractions."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from margin.rules.calls import (
    Band,
    CallSplit,
    Health,
    assess,
    banded_health,
    call_amount,
    cure,
    figures,
    health,
    is_met,
    split_call,
)
from margin.rules.concentration import Group, capped_total
from margin.rules.policy import ConcentrationCap, Triggers
from margin.rules.valuation import Book
from tests.margin import oracle
from tests.margin.books import LOTS, NAMES, base_book, base_policy, base_quotes, caps_bind, random_case

D = Decimal
FALLEN = base_quotes(va_fall="0.40", share_fall="0.20")
PLENTY = D(10**12)


class TestHealth:
    @pytest.mark.parametrize(
        ("loan", "expected"),
        [
            ("0", Health.NORMAL),
            ("-5", Health.NORMAL),
            ("90", Health.NORMAL),
            ("90.000000000000000001", Health.WARNING),
            ("100", Health.WARNING),
            ("100.000000000000000001", Health.CALL),
            ("129.999999999999999999", Health.CALL),
            ("130", Health.HARD),
        ],
    )
    def test_turns_exactly_at_each_trigger(self, loan: str, expected: Health) -> None:
        assert health(D(loan), D(100), PLENTY, Triggers()) is expected

    def test_is_a_call_above_the_limit_whatever_the_collateral(self) -> None:
        assert health(D(11), D(1000), D(10), Triggers()) is Health.CALL
        assert health(D(10), D(1000), D(10), Triggers()) is Health.NORMAL

    def test_turns_exactly_where_the_lending_value_has_no_finite_decimal_form(self) -> None:
        tenth, half = ConcentrationCap(share=D("0.1")), ConcentrationCap(share=D("0.35"))
        total = capped_total([Group("a", D(900), None), Group("b", D(999), tenth)])
        assert total == D(1000)
        total = capped_total([Group("a", D(100), None), Group("b", D(999), tenth)])
        assert health(D(100), total, PLENTY, Triggers()) is Health.NORMAL
        assert call_amount(D("100.50"), total, PLENTY, D("0.9")) == D("0.50")
        total = capped_total([Group("a", D(100), None), Group("b", D(999), half)])
        assert health(D(200), total, PLENTY, Triggers()) is Health.HARD

    @pytest.mark.parametrize("lending_value", [0, -1])
    def test_is_hard_for_any_loan_without_lending_value(self, lending_value: int) -> None:
        assert health(D("0.01"), D(lending_value), PLENTY, Triggers()) is Health.HARD
        assert health(D(0), D(lending_value), PLENTY, Triggers()) is Health.NORMAL


class TestCallAmount:
    def test_of_the_worked_example(self) -> None:
        called = figures(assess(base_book(), FALLEN, base_policy()))
        assert called.health is Health.CALL
        assert called.lending_value == D(1_199_920)
        assert called.call_amount == D(420_072)
        assert called.shortfall == D(300_080)
        assert round(called.loan / called.lending_value * 100, 4) == D("125.0083")

    def test_is_what_the_limit_asks_if_that_is_more(self) -> None:
        assert call_amount(D(100), D(1000), D(70), D("0.9")) == D(30)

    def test_is_the_whole_loan_where_nothing_lends(self) -> None:
        assert call_amount(D(100), D(-20), D(70), D("0.9")) == D(100)

    def test_is_zero_without_a_loan(self) -> None:
        assert call_amount(D(0), D(-20), D(0), D("0.9")) == 0

    @pytest.mark.parametrize(("loan", "met"), [("90", True), ("90.01", False), ("0", True), ("-1", True)])
    def test_call_is_met_at_the_target_and_not_above(self, loan: str, met: bool) -> None:
        assert is_met(D(loan), D(100), PLENTY, D("0.9")) is met

    def test_call_is_not_met_above_the_limit(self) -> None:
        assert not is_met(D(50), D(100), D(49), D("0.9"))


class TestFigures:
    def test_round_requirements_up_and_collateral_down(self) -> None:
        book = Book(positions={"0700": D("0.33333")}, loan=D("200.00000001"), limit=D(1000))
        rounded = figures(assess(book, base_quotes(), base_policy()))
        assert rounded.market_value == D("166.66")
        assert rounded.lending_value == D("116.66")
        assert rounded.loan == D("200.01")
        assert rounded.call_amount == D("95.01")
        assert rounded.shortfall == D("83.34")


class TestSplit:
    def test_of_the_worked_example_is_by_what_fell(self) -> None:
        split = split_call(base_book(), FALLEN, base_quotes(), base_policy())
        assert split == CallSplit(D(420_072), D(156_120), D(263_952))

    def test_is_all_securities_when_no_virtual_asset_moved(self) -> None:
        split = split_call(base_book(), FALLEN, FALLEN, base_policy())
        assert split == CallSplit(D(420_072), D(420_072), D(0))

    def test_never_gives_securities_more_than_the_whole_when_virtual_assets_rose(self) -> None:
        split = split_call(base_book(), FALLEN, base_quotes(va_fall="0.60"), base_policy())
        assert split == CallSplit(D(420_072), D(420_072), D(0))

    def test_keeps_the_present_price_of_a_virtual_asset_new_to_the_book(self) -> None:
        before = {name: quote for name, quote in base_quotes().items() if name != "ETH"}
        split = split_call(base_book(), FALLEN, before, base_policy())
        assert split.securities == D(156_120) + D("0.9") * D("0.35") * D(10) * D(1_600) * D("7.8")


class TestCure:
    def test_follows_the_closed_form_within_one_tier(self) -> None:
        needed = oracle.cure_value(Fraction(420_072), Fraction("0.30"), Fraction("0.90"))
        cured = cure(base_book(), "0700", FALLEN, base_policy(), D(1))
        assert cured is not None
        assert needed <= Fraction(cured.market_value) < needed + 400

    def test_is_none_for_an_asset_without_lending_value(self) -> None:
        assert cure(base_book(), "SOL", {**FALLEN, "SOL": FALLEN["ETH"]}, base_policy(), D(1)) is None

    def test_is_none_where_a_cap_forbids_it(self) -> None:
        assert cure(base_book(), "BTC", FALLEN, base_policy(), LOTS["BTC"]) is None

    def test_is_none_where_the_limit_is_exceeded(self) -> None:
        assert cure(base_book(limit="1400000"), "0700", base_quotes(), base_policy(), D(100)) is None

    def test_is_nothing_for_an_account_that_needs_none(self) -> None:
        cured = cure(base_book(loan="1000"), "0700", FALLEN, base_policy(), D(100))
        assert cured is not None
        assert cured.quantity == 0


class TestBandedHealth:
    """0700 at 400 puts the base book (VA fallen by 40 %) in call; at 600 it would not be."""

    QUOTES = base_quotes(va_fall="0.40")

    def _judge(self, low: int, high: int) -> tuple[Health, bool]:
        judged = banded_health(base_book(), self.QUOTES, {"0700": Band(D(low), D(high))}, base_policy())
        return judged.health, judged.hold

    def test_holds_if_the_outcome_depends_on_the_price(self) -> None:
        assert self._judge(450, 700) == (Health.WARNING, True)

    def test_calls_if_both_ends_call(self) -> None:
        assert self._judge(450, 550) == (Health.CALL, False)

    def test_calls_at_the_milder_end_so_one_source_never_voids_a_deadline(self) -> None:
        assert self._judge(300, 550) == (Health.CALL, False)

    def test_does_not_call_if_neither_end_does(self) -> None:
        assert self._judge(650, 900) == (Health.NORMAL, False)

    def test_ignores_a_doubt_about_an_asset_the_account_does_not_hold(self) -> None:
        band = {"0005": Band(D(1), D(2))}
        judged = banded_health(base_book(), base_quotes(), band, base_policy())
        assert (judged.health, judged.hold) == (Health.WARNING, False)

    def test_takes_the_high_end_as_the_worse_for_a_negative_balance(self) -> None:
        book = replace(base_book(loan="1500"), positions={"2800": D(100), "0700": D(-1)})
        band = {"0700": Band(D(100), D(800))}
        judged = banded_health(book, self.QUOTES, band, base_policy())
        assert (judged.health, judged.hold) == (Health.NORMAL, True)
        assert judged.worse.health.in_call


def _expected_health(loan: Fraction, lending_value: Fraction, limit: Fraction) -> str:
    if loan <= 0:
        return "normal"
    if loan * 10 >= lending_value * 13:
        return "hard"
    if loan > lending_value or loan > limit:
        return "call"
    return "warning" if loan * 10 > lending_value * 9 else "normal"


def _met_with(state: oracle.State, world: oracle.World, name: str, added: Decimal) -> bool:
    return oracle.within(oracle.brought(state, name, Fraction(added)), world, world.target)


@pytest.mark.parametrize("seed", range(20))
def test_random_calls_and_cures_are_the_oracles(seed: int) -> None:
    random, seen = Random(seed), Counter[str]()
    for _ in range(1_000):
        case, name = random_case(random, leverage=(0.15, 0.8)), random.choice(NAMES)
        world, state = oracle.world(case.quotes, case.policy), oracle.state(case.book)
        if random.random() < 0.2:
            edge = assess(case.book, case.quotes, case.policy).valuation.lending_value
            on_edge = (edge * random.choice((D("0.9"), D(1), D("1.3")))).quantize(D("0.000001"))
            case = replace(case, book=replace(case.book, loan=on_edge))
            state = oracle.state(case.book)
        judged = assess(case.book, case.quotes, case.policy)
        lending_value = oracle.lending_value(state.positions, world)
        owed = max(Fraction(0), state.loan - world.target * lending_value, state.loan - state.limit)
        assert judged.health == _expected_health(state.loan, lending_value, state.limit), case
        assert abs(Fraction(judged.call_amount) - (owed if state.loan > 0 else 0)) < Fraction(1, 10**60)
        lot = case.lots[name]
        cured = cure(case.book, name, case.quotes, case.policy, lot)
        seen["capped"] += caps_bind(judged.valuation.groups)
        seen["none" if cured is None else "some" if cured.quantity else "nothing"] += 1
        if cured is None:
            assert not _met_with(state, world, name, D(10**18)), (case, name)
        else:
            assert _met_with(state, world, name, cured.quantity), (case, name)
            assert cured.quantity == 0 or not _met_with(state, world, name, cured.quantity - lot), (
                case,
                name,
            )
    assert seen["capped"] > 300
    assert seen["some"] > 150
    assert seen["none"] > 150
