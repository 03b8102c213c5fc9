"""Seeds: each a different run of commands, tasks and projections through faults, on a real database."""

from collections.abc import Callable

EVENTFUL = 4
"""A seed with calls, sales and deaths."""


def test_no_guarantee_breaks(seed: int, simulate: Callable[[int], str]) -> None:
    simulate(seed)


def test_a_seed_repeats_itself_to_the_last_hash(simulate: Callable[[int], str]) -> None:
    assert simulate(EVENTFUL) == simulate(EVENTFUL)
