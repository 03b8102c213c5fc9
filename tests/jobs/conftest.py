"""The world of one test. Rooms are imported late: pytest reads this file before Django is set up."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .world import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> "Iterator[World]":
    """A clock at START, no jobs and no message handlers but those the test declares."""
    from brokerage.jobs import outbox, schedule
    from brokerage.ledger import seams

    from .world import World

    monkeypatch.setattr(schedule, "_jobs", {})
    monkeypatch.setattr(outbox, "_handlers", {})
    made = World()
    with seams.using(clock=lambda: made.now, crash=made.crash):
        yield made
