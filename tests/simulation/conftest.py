"""Which seeds to run, and the furnished database they start from."""

import logging
import os
import subprocess
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connections

if TYPE_CHECKING:
    from tests.simulation.opening import Opening

SEEDS = 200
FIRM, RUN = "simulation_firm", "simulation_run"


def pytest_addoption(parser: pytest.Parser) -> None:
    """One seed to run again: `python -m pytest tests/simulation --seed 17`."""
    parser.addoption("--seed", type=int, action="append", help="run this simulation seed only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that asks for a seed gets all of them: --seed, or PRAYA_SEEDS of them, or 200."""
    if "seed" in metafunc.fixturenames:
        named = metafunc.config.getoption("--seed", default=None)
        metafunc.parametrize("seed", named or range(int(os.environ.get("PRAYA_SEEDS", SEEDS))))


@pytest.fixture(scope="session")
def opening(django_db_setup: None, django_db_blocker: object) -> "Iterator[Opening]":
    """The firm every seed starts in, furnished once in a database of its own."""
    from tests.simulation.copies import copy, drop, working_in
    from tests.simulation.opening import open_firm

    with django_db_blocker.unblock():
        connections["default"].close()
        copy(connections["default"].settings_dict["NAME"], FIRM)
        with working_in(FIRM):
            made = open_firm()
    yield made
    with django_db_blocker.unblock():
        drop(FIRM)


@pytest.fixture
def simulate(opening: "Opening", db: None) -> Callable[..., str]:
    """Run one seed in a fresh copy of the firm, after some SQL; its state hash.

    A broken guarantee fails the test with the seed, its steps and the commit.
    """
    from tests.simulation.copies import copy, drop, working_in
    from tests.simulation.run import Simulation
    from tests.simulation.world import Broken

    def run(seed: int, sql: str = "SELECT 1") -> str:
        copy(FIRM, RUN)
        logging.disable()
        simulation = Simulation(seed, opening)
        try:
            with working_in(RUN):
                connections["default"].cursor().execute(sql)
                return simulation.run()
        except Broken as broken:
            steps = "\n".join(simulation.world.steps)
            raise AssertionError(f"seed {seed} at commit {_commit()}\n{steps}\n{broken}") from broken
        finally:
            logging.disable(logging.NOTSET)
            drop(RUN)

    return run


def _commit() -> str:
    words = ["git", "rev-parse", "--short", "HEAD"]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
