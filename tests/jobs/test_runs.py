"""From slots to runs: each slot once, in order, whoever ticks and however late."""

import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from brokerage.jobs import commands
from brokerage.jobs.commands import runs
from brokerage.jobs.commands.work import claim_shard, do_shard
from brokerage.jobs.models import JobRun, Parked, RunShard, RunState
from brokerage.jobs.rules import ALL_IN_ORDER, LATEST_ONLY, Policy, every
from brokerage.jobs.schedule import Run, job

from .world import START, World

MINUTE = timedelta(minutes=1)
ACCOUNTS = [uuid4() for _ in range(7)]


def declare(
    name: str = "test.mark", policy: Policy = ALL_IN_ORDER, interval: timedelta = MINUTE
) -> list[Run]:
    """A job over ACCOUNTS in shards of three; returns the list its runs are noted in, shard by shard."""
    seen: list[Run] = []

    @job(name, slots=every(interval), policy=policy, queue="reval", plan=lambda run: ACCOUNTS, shard_size=3)
    def work(run: Run, items: Sequence[UUID]) -> None:
        seen.append(run)

    return seen


def slots_done(name: str = "test.mark") -> list[datetime]:
    return list(
        JobRun.objects.filter(job=name, state=RunState.DONE).order_by("slot").values_list("slot", flat=True)
    )


@pytest.mark.django_db
class TestTick:
    def test_it_begins_with_the_newest_slot(self, world: World) -> None:
        declare()
        assert commands.tick() == 1
        assert JobRun.objects.get().slot == START.replace(second=0)

    def test_a_second_tick_enters_nothing(self, world: World) -> None:
        declare()
        assert (commands.tick(), commands.tick()) == (1, 0)

    def test_with_nothing_due_one_glance_covers_all_jobs(
        self, world: World, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
    ) -> None:
        for name in ("test.one", "test.two", "test.three"):
            declare(name)
        commands.tick()
        with django_assert_num_queries(2):
            assert commands.tick() == 0

    def test_72_hours_without_a_beat_are_made_up_in_order(self, world: World) -> None:
        """S1: the mandatory job runs every missed hour once and in order, the other its latest only."""
        hourly, latest = timedelta(hours=1), declare("test.latest", LATEST_ONLY)
        mandatory = declare("test.mandatory", interval=hourly)
        world.cycle()
        world.wait(hours=72)
        world.cycle()
        first = START.replace(minute=0, second=0)
        assert slots_done("test.mandatory") == [first + n * hourly for n in range(73)]
        assert [run.slot for run in mandatory] == sorted(run.slot for run in mandatory)
        assert len({run.slot for run in latest}) == 2
        assert latest[-1].slot == world.now.replace(second=0)
        assert (mandatory[0].late, mandatory[-1].late) == (False, False)
        assert mandatory[10].late

    def test_unstarted_slots_are_skipped_where_only_the_latest_counts(self, world: World) -> None:
        declare(policy=LATEST_ONLY)
        for _ in range(5):
            commands.tick()
            world.wait(minutes=1)
        world.cycle()
        assert slots_done() == [world.now.replace(second=0)]
        assert JobRun.objects.filter(state=RunState.SKIPPED).count() == 5

    def test_a_clock_set_back_neither_skips_nor_doubles(self, world: World) -> None:
        declare()
        for minutes in (0, 3, -2, 1, -1, 4):
            world.wait(minutes=minutes)
            world.cycle()
        slots = list(JobRun.objects.order_by("slot").values_list("slot", flat=True))
        assert slots == [START.replace(second=0) + n * MINUTE for n in range(6)]

    def test_an_extra_slot_is_entered_once_and_hides_no_regular_one(self, world: World) -> None:
        declare()
        world.cycle()
        world.wait(minutes=2)
        tick_of_price = world.now - timedelta(seconds=5)
        assert [commands.request("test.mark", tick_of_price) for _ in range(2)] == [True, False]
        world.cycle()
        minute = START.replace(second=0)
        assert slots_done() == [minute, minute + MINUTE, minute + 2 * MINUTE, tick_of_price]


@pytest.mark.django_db(transaction=True)
def test_two_tickers_at_once_enter_one_row_a_slot(world: World) -> None:
    """S2: ten rounds of two planners in parallel."""
    declare()

    def ticker(context: contextvars.Context) -> int:
        try:
            return context.run(commands.tick)
        finally:
            connection.close()

    commands.tick()
    entered = 0
    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            world.wait(minutes=3)
            entered += sum(pool.map(ticker, [contextvars.copy_context() for _ in range(2)]))
    slots = list(JobRun.objects.order_by("slot").values_list("slot", flat=True))
    assert entered == 30
    assert slots == [START.replace(second=0) + n * MINUTE for n in range(31)]


@pytest.mark.django_db
class TestPlan:
    def test_the_list_of_items_is_fixed_and_cut_into_shards(self, world: World) -> None:
        declare()
        commands.tick()
        assert commands.work_once("reval", "worker") == 3
        shards = RunShard.objects.order_by("number").values_list("items", flat=True)
        assert [len(items) for items in shards] == [3, 3, 1]
        assert [item for items in shards for item in items] == ACCOUNTS

    def test_another_queue_leaves_it_alone(self, world: World) -> None:
        declare()
        commands.tick()
        assert commands.work_once("money", "worker") is None

    def test_a_run_without_items_is_done_at_once(self, world: World) -> None:
        @job("test.empty", slots=every(MINUTE), policy=ALL_IN_ORDER, queue="reval", plan=lambda run: [])
        def work(run: Run, items: Sequence[UUID]) -> None:
            raise AssertionError("there is nothing to do")

        world.cycle()
        assert JobRun.objects.get().state == RunState.DONE

    def test_a_job_without_a_plan_is_one_shard_without_items(self, world: World) -> None:
        seen = []

        @job("test.whole", slots=every(MINUTE), policy=ALL_IN_ORDER, queue="reval")
        def work(run: Run, items: Sequence[UUID]) -> None:
            seen.append(list(items))

        world.cycle()
        assert seen == [[]]
        assert JobRun.objects.get().state == RunState.DONE

    def test_the_next_slot_waits_until_no_shard_of_this_one_is_left(self, world: World) -> None:
        """S8: the run is longer than its interval; no account is in two slots at once."""
        declare()
        commands.tick()
        world.wait(minutes=5)
        commands.tick()
        commands.work_once("reval", "slow")
        slow = claim_shard("reval", "slow")
        assert slow is not None
        assert commands.drain("reval", "quick") == 2
        assert RunShard.objects.values("slot").distinct().count() == 1
        do_shard(slow)
        assert commands.work_once("reval", "quick") == 3
        assert RunShard.objects.values("slot").distinct().count() == 2

    def test_a_planner_that_dies_is_replaced_after_its_lease(self, world: World) -> None:
        seen = declare()
        commands.tick()
        world.dies_at("jobs.after-plan", lambda: commands.work_once("reval", "dead"))
        world.cycle()
        assert not RunShard.objects.exists()
        world.wait(seconds=61)
        world.cycle()
        assert slots_done() == [START.replace(second=0), START.replace(second=0) + MINUTE]
        assert len(seen) == 6

    def test_where_only_the_latest_counts_a_plan_left_by_a_dead_worker_is_skipped(self, world: World) -> None:
        seen = declare(policy=LATEST_ONLY)
        commands.tick()
        world.dies_at("jobs.after-plan", lambda: commands.work_once("reval", "dead"))
        world.wait(hours=13)
        world.cycle()
        newest = world.now.replace(second=0)
        assert {run.slot for run in seen} == {newest}
        assert JobRun.objects.get(slot=START.replace(second=0)).state == RunState.SKIPPED

    def test_where_only_the_latest_counts_a_plan_under_way_is_finished(self, world: World) -> None:
        declare(policy=LATEST_ONLY)
        commands.tick()
        slow = runs.claim_run("reval", "slow")
        assert slow is not None
        world.wait(seconds=59)
        commands.tick()
        assert runs.plan_run(slow) == 3

    def test_where_only_the_latest_counts_a_plan_that_fails_is_made_for_the_next_slot(
        self, world: World
    ) -> None:
        seen, failing = [], [1] * 7

        def plan(run: Run) -> list[UUID]:
            if failing and failing.pop():
                raise LookupError("no price set")
            return ACCOUNTS

        @job("test.planned", slots=every(MINUTE), policy=LATEST_ONLY, queue="reval", plan=plan)
        def work(run: Run, items: Sequence[UUID]) -> None:
            seen.append(run.slot)

        world.cycles(7)
        assert not seen
        parked = Parked.objects.get()
        assert (parked.source, parked.business_key, parked.attempts) == ("plan", "test.planned", 5)
        world.cycle()
        assert seen == [world.now.replace(second=0)]
        commands.retry(parked.id, resolver="staff:ann")
        commands.drain("reval", "w")
        assert seen[1:] == [world.now]

    def test_a_key_names_job_item_and_slot(self, world: World) -> None:
        seen = declare()
        world.cycle()
        context = seen[0].context(ACCOUNTS[0])
        assert context.key == f"test.mark:{ACCOUNTS[0]}:{START.replace(second=0).isoformat()}"
        assert context.effective_at == START.replace(second=0)

    def test_the_key_of_a_batch_names_exactly_its_items(self, world: World) -> None:
        seen = declare()
        world.cycle()
        run = seen[0]
        contexts = [run.batch(ACCOUNTS), run.batch(ACCOUNTS[:1]), run.batch(ACCOUNTS, "prices")]
        assert len({context.key for context in contexts}) == 3
        assert run.batch(ACCOUNTS).key == run.batch(ACCOUNTS).key
