"""The arithmetic of the benchmarks; nothing here is timed."""

import pytest

from tests.benchmarks.measure import Contestant, Times, interleaved
from tests.benchmarks.report import Page, Size


def test_a_ratio_is_the_median_of_equal_rounds_so_one_bad_round_does_not_count() -> None:
    mine = Times("mine", 100, (1.0, 1.0, 9.0), (1.0, 1.0, 1.0))
    other = Times("other", 100, (2.0, 2.0, 2.0), (4.0, 4.0, 4.0))
    assert mine.ratio_to(other) == 2
    assert mine.cpu_rate / other.cpu_rate == 4


def test_a_rate_counts_units_and_a_spread_is_half_the_range() -> None:
    times = Times("mine", 100, (1.0, 2.0, 3.0), (1.0, 1.0, 2.0))
    assert (times.rate, times.spread, times.cpu_rate) == (50, 0.5, 75)


def test_contestants_take_turns_and_the_first_round_warms_up() -> None:
    order: list[str] = []

    def run(name: str) -> float:
        order.append(name)
        return float(len(order))

    contestants = [Contestant("a", lambda: run("a")), Contestant("b", lambda: run("b"))]
    found = interleaved(contestants, units=1, rounds=2)
    assert order == ["a", "b", "b", "a", "a", "b"]
    assert found["a"].seconds == (4.0, 5.0)


@pytest.mark.parametrize(("measured", "verdict"), [(60_000, "reached"), (6_000, "not at size")])
def test_there_is_no_verdict_below_the_size_that_the_aim_names(measured: int, verdict: str) -> None:
    page = Page()
    size = Size(measured, 60_000, "holders")
    page.within("P6", "a tick", Times("Praya", 1, (0.01,), (0.01,)), 1, 0.1, size)
    (aim,) = page.aims
    assert aim.verdict == verdict
    assert str(aim.size) == f"{measured:,} of 60,000 holders"
