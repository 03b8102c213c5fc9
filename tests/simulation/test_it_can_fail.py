"""The simulation finds what is broken: each guarantee taken away is seen by one of a few seeds."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from django.db.models import QuerySet

FEW = 24
Simulate = Callable[..., str]


def seen_by_some_seed(simulate: Simulate, *complaints: str, sql: str = "SELECT 1") -> bool:
    """Whether one of the first seeds complains of one of these."""
    for seed in range(FEW):
        try:
            simulate(seed, sql)
        except AssertionError as found:
            last = str(found).splitlines()[-1]
            if any(complaint in last for complaint in complaints):
                return True
            raise
    return False


def test_without_the_lookup_and_the_unique_key_an_act_is_done_twice(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    from brokerage.ledger import store

    monkeypatch.setattr(store, "begin", lambda key: None)
    key = "ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_key_once"
    assert seen_by_some_seed(simulate, "no replay", "differently", "committed twice", sql=key)


def test_without_the_stop_credit_is_given_and_assets_leave_during_a_call(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    from margin.commands.case import Case

    monkeypatch.setattr(Case, "credit_stopped", False)
    assert seen_by_some_seed(
        simulate, "stands", "margin.purchase was not refused", "margin.withdraw was not refused"
    )


def test_without_the_fence_a_worker_that_slept_writes_over_its_successor(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    from brokerage.jobs.commands import work
    from brokerage.jobs.models import RunShard

    def unfenced(shard: Any) -> "QuerySet[RunShard]":
        return RunShard.objects.filter(id=shard.id)

    monkeypatch.setattr(work, "_held", unfenced)
    assert seen_by_some_seed(simulate, "a shard it no longer held")


def test_without_its_day_interest_accrues_twice(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each accrual comes again under another key, as that of a shard does which was split."""
    from brokerage.ledger.commands import NothingToDo
    from margin import commands
    from margin.commands import interest

    accrue = commands.accrue_interest

    def accrue_again(context: Any, **inputs: Any) -> None:
        for key in (context.key, f"{context.key}:again"):
            with suppress(NothingToDo):
                accrue(replace(context, key=key), **inputs)

    monkeypatch.setattr(commands, "accrue_interest", accrue_again)
    simulate(0)
    monkeypatch.setattr(interest, "_through", lambda accounts, day: {})
    assert seen_by_some_seed(simulate, "accrues")
