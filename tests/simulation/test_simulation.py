"""Seeds: each a different run of commands, tasks and projections through faults, on a real database."""

from collections.abc import Callable


def test_no_guarantee_breaks(seed: int, simulate: Callable[[int], str]) -> None:
    simulate(seed)
