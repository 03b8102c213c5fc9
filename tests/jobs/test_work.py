"""Shards under lease and fence: each item once a slot, whatever dies, and a bad item stops only itself."""

import contextvars
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connection

from brokerage.jobs import commands, queries
from brokerage.jobs.commands import runs
from brokerage.jobs.commands.decisions import NotOpen
from brokerage.jobs.commands.work import claim_shard, do_shard, finish_shard
from brokerage.jobs.models import JobRun, Parked, RunShard, RunState, ShardState
from brokerage.jobs.rules import ALL_IN_ORDER, LATEST_ONLY, Policy, every
from brokerage.jobs.schedule import Run, job

from .world import START, World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ACCOUNTS = [uuid4() for _ in range(10)]
POISON = ACCOUNTS[4]


class Effects:
    """A job's keyed effects, as commands would leave them, and how often each was tried."""

    def __init__(self, *, policy: Policy = ALL_IN_ORDER, interval: timedelta = HOUR) -> None:
        self.poison: set[UUID] = set()
        self.kept: dict[tuple[object, UUID], Run] = {}
        self.tried: Counter[tuple[object, UUID]] = Counter()
        job(
            "test.mark",
            slots=every(interval),
            policy=policy,
            queue="reval",
            plan=lambda run: ACCOUNTS,
            shard_size=4,
        )(self.work)

    def work(self, run: Run, items: Sequence[UUID]) -> None:
        for item in items:
            self.tried[run.slot, item] += 1
            if item in self.poison:
                raise ValueError(f"cannot value {item}")
            self.kept.setdefault((run.slot, item), run)

    def items(self) -> list[UUID]:
        return [item for _, item in self.kept]


def states() -> Counter[str]:
    return Counter(RunShard.objects.values_list("state", flat=True))


@pytest.mark.django_db
class TestKilledWorker:
    @pytest.mark.parametrize(
        "point",
        ["jobs.after-claim", "jobs.before-shard-commit", "jobs.after-shard-commit", "jobs.after-shards"],
    )
    def test_each_item_is_done_once_and_the_run_completes_once(self, world: World, point: str) -> None:
        """S5: the worker dies between or inside shards."""
        effects = Effects()
        commands.tick()
        if point != "jobs.after-shards":
            commands.work_once("reval", "w")
            commands.work_once("reval", "w")
        world.dies_at(point, lambda: commands.work_once("reval", "w"))
        world.cycle()
        world.wait(seconds=61)
        world.cycle()
        assert sorted(effects.items()) == sorted(ACCOUNTS)
        assert JobRun.objects.get().state == RunState.DONE
        assert not runs.complete(JobRun.objects.get().id)
        assert states().keys() <= {ShardState.DONE, ShardState.SPLIT}

    def test_before_the_lease_is_over_nobody_takes_it(self, world: World) -> None:
        Effects()
        commands.tick()
        commands.work_once("reval", "w")
        world.dies_at("jobs.before-shard-commit", lambda: commands.work_once("reval", "w"))
        world.wait(seconds=59)
        assert commands.sweep() == 0
        world.wait(seconds=2)
        assert (commands.sweep(), commands.sweep()) == (1, 0)

    def test_a_zombie_is_refused_under_its_old_fence(self, world: World) -> None:
        """S6, R17: paused past its lease, it wakes up after another has done the work."""
        effects = Effects()
        commands.tick()
        commands.work_once("reval", "w")
        zombie = claim_shard("reval", "zombie")
        assert zombie is not None
        world.wait(seconds=61)
        world.cycle()
        assert JobRun.objects.get().state == RunState.DONE
        with pytest.raises(commands.LeaseLost):
            finish_shard(zombie)
        before = states()
        do_shard(zombie)
        assert states() == before
        assert len(effects.kept) == len(ACCOUNTS)

    def test_a_planner_that_wakes_up_late_adds_no_second_set_of_shards(self, world: World) -> None:
        Effects()
        commands.tick()
        zombie = runs.claim_run("reval", "zombie")
        assert zombie is not None
        world.wait(seconds=61)
        world.cycle()
        assert runs.plan_run(zombie) == 0
        assert sum(len(shard.items) for shard in RunShard.objects.all()) == len(ACCOUNTS)

    def test_an_item_that_always_kills_its_worker_is_parked(self, world: World) -> None:
        """C15: counted before the attempt, so that running out of memory counts as well."""
        Effects()
        commands.tick()
        commands.work_once("reval", "w")
        for _ in range(40):
            commands.sweep()
            if shard := claim_shard("reval", "w"):
                if POISON not in shard.items:
                    do_shard(shard)
            else:
                world.wait(minutes=2)
        assert Parked.objects.get().attempts == 5
        assert JobRun.objects.get().state == RunState.DONE


@pytest.mark.django_db
class TestPoison:
    def test_it_is_tried_five_times_and_parked_while_the_others_are_done(self, world: World) -> None:
        effects = Effects()
        effects.poison = {POISON}
        world.cycles(20)
        slot = JobRun.objects.get().slot
        assert effects.tried[slot, POISON] == 5
        assert sorted(effects.items()) == sorted(set(ACCOUNTS) - {POISON})
        parked = Parked.objects.get()
        assert (parked.business_key, parked.attempts) == (f"test.mark:{POISON}", 5)
        assert parked.error == f"ValueError: cannot value {POISON}"
        assert JobRun.objects.get().state == RunState.DONE

    def test_a_shard_that_fails_once_is_done_again_as_it_was(self, world: World) -> None:
        """The answer of a commit was lost: the same items under the same keys find it again."""
        effects = Effects()
        effects.poison = {POISON}
        commands.tick()
        for _ in range(3):
            commands.work_once("reval", "w")
        effects.poison = set()
        world.cycle()
        assert sorted(effects.items()) == sorted(ACCOUNTS)
        assert states() == {ShardState.DONE: 3}

    def test_it_rests_longer_after_each_failure(self, world: World) -> None:
        effects = Effects()
        effects.poison = {POISON}
        failures, count = [], 0
        for minute in range(20):
            world.cycle()
            now = sum(effects.tried[key] for key in effects.tried if key[1] == POISON)
            failures += [minute] * (now - count)
            count = now
            world.wait(minutes=1)
        assert failures == [0, 0, 0, 5, 14]

    def test_later_slots_of_the_others_do_not_wait(self, world: World) -> None:
        effects = Effects(interval=MINUTE)
        effects.poison = {POISON}
        world.cycles(40)
        done = Counter(effects.items())
        assert {done[item] for item in ACCOUNTS if item != POISON} == {40}
        assert Parked.objects.count() == 1
        assert sum(effects.tried[key] for key in effects.tried if key[1] == POISON) == 5
        assert not JobRun.objects.exclude(state=RunState.DONE).exists()

    def test_a_retry_does_every_slot_of_the_item_in_order(self, world: World) -> None:
        effects = Effects(interval=MINUTE)
        effects.poison = {POISON}
        world.cycles(40)
        effects.poison = set()
        parked = queries.parked_items().get()
        commands.retry(parked.id, resolver="staff:ann")
        world.cycle()
        slots = [run.slot for (slot, item), run in effects.kept.items() if item == POISON]
        assert slots == sorted(slots)
        assert len(slots) == 41
        parked.refresh_from_db()
        assert (parked.state, parked.resolver) == ("retried", "staff:ann")
        assert not queries.parked_items().exists()

    def test_a_retry_that_fails_again_is_parked_again(self, world: World) -> None:
        effects = Effects()
        effects.poison = {POISON}
        world.cycles(20)
        commands.retry(queries.parked_items().get().id, resolver="staff:ann")
        world.cycles(20)
        assert Parked.objects.count() == 2
        assert queries.parked_items().get().attempts == 5

    def test_closing_gives_its_slots_up(self, world: World) -> None:
        effects = Effects()
        effects.poison = {POISON}
        world.cycles(20)
        parked = queries.parked_items().get()
        commands.close(parked.id, resolver="staff:bob", reason="account was closed")
        assert states()["closed"] == 1
        with pytest.raises(NotOpen):
            commands.retry(parked.id, resolver="staff:bob")
        effects.poison = set()
        world.wait(hours=1)
        world.cycle()
        assert Counter(effects.items())[POISON] == 1

    def test_where_only_the_latest_counts_it_is_left_out_until_decided(self, world: World) -> None:
        effects = Effects(policy=LATEST_ONLY, interval=MINUTE)
        effects.poison = {POISON}
        world.cycles(40)
        assert RunShard.objects.filter(items=[POISON]).count() == 1

    @pytest.mark.parametrize("interval", [MINUTE, HOUR])
    def test_where_only_the_latest_counts_a_retry_drops_the_old_slot_for_the_present(
        self, world: World, interval: timedelta
    ) -> None:
        effects = Effects(policy=LATEST_ONLY, interval=interval)
        effects.poison = {POISON}
        world.cycles(40)
        effects.poison = set()
        commands.retry(queries.parked_items().get().id, resolver="staff:ann")
        asked = world.now
        commands.drain("reval", "w")
        slots = [run.slot for (_, item), run in effects.kept.items() if item == POISON]
        assert slots == [asked]
        assert RunShard.objects.get(items=[POISON]).state == ShardState.CLOSED
        assert not queries.parked_items().exists()

    def test_a_plan_that_fails_is_parked_and_later_slots_run(self, world: World) -> None:
        seen = []

        def plan(run: Run) -> list[UUID]:
            if not seen:
                raise LookupError("no price set")
            return ACCOUNTS

        @job("test.mark", slots=every(HOUR), policy=ALL_IN_ORDER, queue="reval", plan=plan)
        def work(run: Run, items: Sequence[UUID]) -> None:
            seen.append(run.slot)

        world.cycles(20)
        parked = queries.parked_items().get()
        assert (parked.source, parked.attempts) == ("plan", 5)
        assert JobRun.objects.get().state == RunState.PARKED
        seen.append("the price came")
        world.wait(hours=1)
        world.cycle()
        assert JobRun.objects.filter(state=RunState.DONE).count() == 1
        commands.retry(parked.id, resolver="staff:ann")
        world.cycle()
        assert JobRun.objects.filter(state=RunState.DONE).count() == 2


class Whole:
    """A job without a plan of which only the latest slot counts; fails as often as `failing` says."""

    def __init__(self, failing: int) -> None:
        self.failing = failing
        self.done: list[Run] = []
        job("test.whole", slots=every(timedelta(seconds=10)), policy=LATEST_ONLY, queue="reval")(self.work)

    def work(self, run: Run, items: Sequence[UUID]) -> None:
        if self.failing:
            self.failing -= 1
            raise RuntimeError("another command is at work")
        self.done.append(run)

    def glances(self, world: World, times: int) -> None:
        for _ in range(times):
            world.cycle()
            world.wait(seconds=10)


@pytest.mark.django_db
class TestLatestWithoutAPlan:
    def test_after_a_failure_the_next_slot_is_done_on_time(self, world: World) -> None:
        whole = Whole(failing=1)
        whole.glances(world, 3)
        assert [run.slot - START for run in whole.done] == [timedelta(seconds=10), timedelta(seconds=20)]
        assert states() == {ShardState.CLOSED: 1, ShardState.DONE: 2}
        assert JobRun.objects.exclude(state=RunState.DONE).get().state == RunState.SKIPPED

    def test_five_failing_slots_are_shown_and_the_sixth_is_done(self, world: World) -> None:
        whole = Whole(failing=5)
        whole.glances(world, 6)
        assert [run.slot - START for run in whole.done] == [timedelta(seconds=50)]
        parked = Parked.objects.get()
        assert (parked.business_key, parked.attempts) == (f"test.whole:{runs.WHOLE}", 5)

    def test_what_fails_on_and_on_is_one_parked_item(self, world: World) -> None:
        whole = Whole(failing=23)
        whole.glances(world, 30)
        assert len(whole.done) == 7
        parked = Parked.objects.get()
        assert parked.last_at > parked.first_at
        commands.retry(parked.id, resolver="staff:ann")
        assert not queries.parked_items().exists()

    def test_while_the_one_before_is_at_work_the_next_waits(self, world: World) -> None:
        whole = Whole(failing=1)
        world.cycle()
        world.wait(seconds=70)
        slow = claim_shard("reval", "slow")
        assert slow is not None
        commands.tick()
        commands.drain("reval", "quick")
        assert not whole.done
        do_shard(slow)
        commands.drain("reval", "quick")
        assert len(whole.done) == 2


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_do_each_item_of_each_slot_once(world: World) -> None:
    """No claim is given twice, no run completes twice, no account is in two slots at a time."""
    effects = Effects(interval=MINUTE)
    commands.tick()
    world.wait(minutes=5)
    commands.tick()
    barrier = Barrier(8)

    def worker(context: contextvars.Context) -> None:
        def drain() -> None:
            barrier.wait()
            for _ in range(12):
                commands.drain("reval", "w")

        try:
            context.run(drain)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(worker, [contextvars.copy_context() for _ in range(8)]))
    commands.drain("reval", "w")
    assert set(effects.tried.values()) == {1}
    assert len(effects.tried) == 6 * len(ACCOUNTS)
    assert JobRun.objects.filter(state=RunState.DONE).count() == 6


@pytest.mark.django_db
def test_staff_see_how_far_each_job_is_behind(world: World) -> None:
    Effects()
    world.cycle()
    [row] = queries.job_status(world.now)
    assert (row.job, row.lag, row.open_runs, row.open_shards, row.parked) == (
        "test.mark",
        timedelta(0),
        0,
        0,
        0,
    )
    world.wait(hours=2)
    commands.tick()
    [row] = queries.job_status(world.now)
    assert (row.open_runs, row.lag) == (2, world.now - world.now.replace(minute=0, second=0) + HOUR)
    assert queries.runs_of("test.mark").first() is not None
    assert queries.waiting("reval", world.now) == 2


@pytest.mark.django_db
class TestPrune:
    def test_finished_runs_go_and_the_newest_stays_so_no_slot_comes_back(self, world: World) -> None:
        effects = Effects()
        for _ in range(4):
            world.cycle()
            world.wait(hours=1)
        done = len(effects.kept)
        assert commands.prune(world.now - HOUR / 2) == 3
        commands.tick()
        assert JobRun.objects.count() == 2
        commands.drain("reval", "w")
        assert len(effects.kept) == done + len(ACCOUNTS)

    def test_a_run_whose_item_waits_for_a_person_stays(self, world: World) -> None:
        effects = Effects()
        effects.poison = {POISON}
        world.cycles(60)
        effects.poison = set()
        world.cycle()
        assert commands.prune(world.now + HOUR) == 0
        commands.retry(queries.parked_items().get().id, resolver="staff:ann")
        world.cycle()
        assert POISON in effects.items()
        assert commands.prune(world.now + HOUR) == 1
