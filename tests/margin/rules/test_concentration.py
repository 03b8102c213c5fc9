"""Concentration: the worked example, and 25,000 random cases against the walk of all bends in fractions."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.rules.concentration import Group, capped_total, counted, headroom
from margin.rules.policy import ConcentrationCap
from tests.margin import oracle
from tests.margin.books import caps_bind

D = Decimal
TINY = Fraction(1, 10**80)


def _book(share: str) -> list[Group]:
    cap = ConcentrationCap(share=D(share))
    return [Group(name, D(value), cap) for name, value in
            (("BTC", 900_000), ("one", 100_000), ("two", 100_000), ("three", 100_000))]  # fmt: skip


class TestWorkedExample:
    @pytest.mark.parametrize(
        ("share", "total", "btc"), [("0.5", 600_000, 300_000), ("0.4", 500_000, 200_000)]
    )
    def test_btc_counts_its_share_of_the_capped_total(self, share: str, total: int, btc: int) -> None:
        groups = _book(share)
        assert capped_total(groups) == D(total)
        assert counted(groups[0], D(total)) == D(btc)
        assert caps_bind(groups)


class TestCappedTotal:
    def test_is_the_plain_sum_without_caps(self) -> None:
        groups = [Group("a", D(10), None), Group("b", D(-3), None)]
        assert capped_total(groups) == D(7)
        assert not caps_bind(groups)

    def test_of_nothing_is_zero(self) -> None:
        assert capped_total([]) == 0

    def test_of_one_name_with_a_pure_share_is_zero(self) -> None:
        assert capped_total([Group("a", D(100), ConcentrationCap(share=D("0.5")))]) == 0

    def test_never_takes_a_name_below_its_floor(self) -> None:
        cap = ConcentrationCap(share=D("0.5"), floor=D(40))
        assert capped_total([Group("a", D(100), cap)]) == D(40)

    def test_takes_the_greatest_solution_where_every_total_up_to_it_would_do(self) -> None:
        half = ConcentrationCap(share=D("0.5"))
        assert capped_total([Group("a", D(100), half), Group("b", D(100), half)]) == D(200)

    def test_of_a_share_of_zero_is_the_floor(self) -> None:
        none = ConcentrationCap(share=D(0), floor=D(5))
        assert capped_total([Group("a", D(100), none), Group("b", D(7), None)]) == D(12)

    def test_counts_a_negative_group_in_full(self) -> None:
        half = ConcentrationCap(share=D("0.5"))
        assert capped_total(
            [Group("a", D(100), half), Group("b", D(100), None), Group("c", D(-40), half)]
        ) == D(120)


def _random_groups(random: Random, *, negative: bool) -> list[Group]:
    groups = []
    for index in range(random.randint(1, 6)):
        lowest = -300 if negative and random.random() < 0.3 else 0
        cap = ConcentrationCap(
            share=D(random.randint(0, 20)) / 20, floor=D(random.choice((0, 0, random.randint(1, 400))))
        )
        value = D(random.randint(lowest, 1000)) / random.choice((1, 8))
        groups.append(Group(str(index), value, random.choice((None, cap, cap, cap))))
    return groups


def _in_fractions(groups: list[Group]) -> list[oracle.Capped]:
    return [
        oracle.Capped(Fraction(value), None, Fraction(0))
        if cap is None
        else oracle.Capped(Fraction(value), Fraction(cap.share), Fraction(cap.floor))
        for _, value, cap in groups
    ]


@pytest.mark.rule("VAF-8", "SMF-2")
@pytest.mark.parametrize("seed", range(25))
def test_random_totals_are_the_oracles_and_solve_the_equation(seed: int) -> None:
    random = Random(seed)
    seen: Counter[bool] = Counter()
    for _ in range(1_000):
        groups = _random_groups(random, negative=seed % 5 == 0)
        total = capped_total(groups)
        expected = oracle.greatest_total(_in_fractions(groups))
        assert abs(Fraction(total) - expected) < TINY, groups
        plain = sum(group.value for group in groups)
        assert caps_bind(groups) == (expected < Fraction(plain))
        seen[caps_bind(groups)] += 1
    assert seen[True] > 300
    assert seen[False] > 100


@pytest.mark.parametrize("seed", range(5))
def test_headroom_agrees_with_the_total_on_which_loans_are_carried(seed: int) -> None:
    random = Random(seed)
    for _ in range(1_000):
        groups = _random_groups(random, negative=False)
        ratio = D(random.randint(1, 20)) / 20
        total = oracle.greatest_total(_in_fractions(groups))
        edge = (ratio * capped_total(groups)).quantize(D("0.01"))
        for loan in (edge - D("0.01"), edge, edge + D("0.01"), edge * D(random.randint(1, 30)) / 10):
            if loan >= 0:
                carried = Fraction(loan) <= Fraction(ratio) * total
                assert (headroom(loan, groups, ratio) >= 0) == carried, (groups, loan, ratio)


values = st.decimals(min_value=0, max_value=10**12, places=8)
caps = st.builds(
    ConcentrationCap,
    share=st.decimals(min_value=0, max_value=1, places=4),
    floor=st.decimals(min_value=0, max_value=10**9, places=2),
)
books = st.lists(st.builds(Group, st.just("name"), values, st.none() | caps), max_size=8)


@settings(max_examples=1_000, deadline=None)
@given(books, st.integers(0, 7), values)
def test_more_value_in_one_name_never_lowers_the_total(
    groups: list[Group], index: int, more: Decimal
) -> None:
    if index < len(groups):
        richer = list(groups)
        richer[index] = groups[index]._replace(value=groups[index].value + more)
        assert capped_total(richer) >= capped_total(groups)
