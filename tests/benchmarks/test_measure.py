"""The arithmetic of the benchmarks; nothing here is timed."""

from tests.benchmarks.measure import Contestant, Times, interleaved


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
