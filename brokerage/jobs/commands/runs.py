"""From slots to runs, and from a run to the shards that fix whom it covers."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, Q

from brokerage.ledger import seams

from ..models import JobRun, RunShard, RunState, ShardState
from ..rules import LATEST_ONLY, MAX_ATTEMPTS, delay, missed, newest
from ..schedule import Job, Run, jobs
from . import parking
from .locks import lock_job

log = logging.getLogger(__name__)
WHOLE = UUID(int=0)
"""The one item of a job without a plan: the job itself."""
RECENT = timedelta(days=2)
"""How far back one glance at all jobs looks; one whose last slot is older is looked at by itself."""


def tick() -> int:
    """Enter every slot that became due since each job's last one, as its policy says; the number entered.

    Any number of ticks at once, or none for days, lead to the same rows.
    """
    now = seams.now()
    recent = JobRun.objects.filter(job__in=list(jobs()), slot__gte=now - RECENT)
    last = dict(recent.values_list("job").annotate(Max("slot")))
    waiting = JobRun.objects.filter(state=RunState.DUE).values_list("job").annotate(Count("id"))
    crowded = {name for name, runs in waiting if runs > 1}
    return sum(
        _enter(each, now)
        for each in jobs().values()
        if each.name in crowded
        or each.name not in last
        or missed(each.slots, each.policy, last=last[each.name], now=now)
    )


def request(name: str, slot: datetime) -> bool:
    """Enter one extra slot of a job, such as the instant of a price; False if it was there already.

    The job's regular slots up to then are entered first. Raises KeyError for an unknown job.
    """
    each = jobs()[name]
    with transaction.atomic():
        _enter(each, slot)
        lock_job(name)
        entered = bool(_insert(each, [slot]))
        _skip_overtaken(each)
    return entered


def _enter(each: Job, until: datetime) -> int:
    with transaction.atomic():
        lock_job(each.name)
        last = JobRun.objects.filter(job=each.name).aggregate(last=Max("slot"))["last"]
        if last is None:
            first = newest(each.slots, now=until)
            slots = [] if first is None else [first]
        else:
            slots = missed(each.slots, each.policy, last=last, now=until)
        entered = _insert(each, slots)
        _skip_overtaken(each)
        return entered


def _insert(each: Job, slots: Sequence[datetime]) -> int:
    before = JobRun.objects.filter(job=each.name, slot__in=slots).count()
    rows = [JobRun(id=seams.new_id(), job=each.name, slot=slot, next_at=slot) for slot in slots]
    JobRun.objects.bulk_create(rows, ignore_conflicts=True)
    return len(slots) - before


def _skip_overtaken(each: Job) -> None:
    """Where only the latest slot counts, skip those before it that nobody is planning at this moment.

    The latest takes over the attempts they made, so that a plan that always fails is parked all the same.
    """
    last = JobRun.objects.filter(job=each.name).order_by("-slot").first()
    if last is None or each.policy is not LATEST_ONLY:
        return
    now = seams.now()
    idle = JobRun.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), job=each.name).filter(
        slot__lt=last.slot, state=RunState.DUE, attempts__lt=MAX_ATTEMPTS
    )
    made = idle.aggregate(made=Max("attempts"))["made"]
    if idle.update(state=RunState.SKIPPED, finished_at=now):
        JobRun.objects.filter(id=last.id, state=RunState.DUE, attempts__lt=made).update(attempts=made)


def claim_run(queue: str, owner: str) -> JobRun | None:
    """Take the oldest run of the queue that may be planned now, for the length of its job's lease.

    A run waits for the earlier runs of its job, except for items set apart: so no item is ever in
    two runs at once, and one bad item does not stop the next run.
    """
    now = seams.now()
    earlier = JobRun.objects.filter(job=OuterRef("job"), slot__lt=OuterRef("slot"))
    under_way = RunShard.objects.filter(
        job=OuterRef("job"),
        slot__lt=OuterRef("slot"),
        apart=False,
        state__in=(ShardState.DUE, ShardState.RUNNING),
    )
    with transaction.atomic():
        run = (
            JobRun.objects.select_for_update(skip_locked=True)
            .filter(Q(lease_until=None) | Q(lease_until__lt=now), job__in=jobs(queue), state=RunState.DUE)
            .filter(next_at__lte=now, attempts__lt=MAX_ATTEMPTS)
            .exclude(Exists(earlier.filter(state=RunState.DUE)))
            .exclude(Exists(under_way))
            .order_by("slot", "job")
            .first()
        )
        if run is not None:
            each = jobs()[run.job]
            run.attempts, run.fence = run.attempts + 1, run.fence + 1
            run.lease_owner, run.lease_until = owner, now + each.lease
            run.started_at = run.started_at or now
            run.late = now - run.slot > each.late_after
            run.save()
        return run


def plan_run(run: JobRun) -> int:
    """Ask the job whom a claimed run covers and fix the answer as shards; the number of shards."""
    each = jobs()[run.job]
    try:
        wanted = each.plan(values(run)) if each.plan else [WHOLE]
    except Exception as error:
        log.exception("the plan of %s at %s failed", run.job, run.slot)
        fail_plan(run, error)
        return 0
    seams.crash_point("jobs.after-plan")
    with transaction.atomic():
        lock_job(run.job)
        held = JobRun.objects.filter(id=run.id, fence=run.fence, state=RunState.DUE)
        if not held.update(state=RunState.RUNNING, lease_until=None):
            return 0
        shards = _shards(each, run, list(dict.fromkeys(wanted)))
        RunShard.objects.bulk_create(shards)
        complete(run.id)
    seams.crash_point("jobs.after-shards")
    return len(shards)


def values(run: JobRun) -> Run:
    """The run as the job's plan and work see it."""
    return Run(id=run.id, job=run.job, slot=run.slot, late=run.late)


def fail_plan(run: JobRun, error: Exception | str) -> None:
    """Let a run whose plan failed rest and try again, or park it after the fifth attempt."""
    now = seams.now()
    with transaction.atomic():
        lock_job(run.job)
        held = JobRun.objects.filter(id=run.id, fence=run.fence, state=RunState.DUE)
        if run.attempts < MAX_ATTEMPTS:
            held.update(lease_until=None, next_at=now + delay(run.attempts, f"{run.job}:{run.slot}"))
        elif held.update(state=RunState.PARKED, lease_until=None):
            parking.park_plan(run, error)


def complete(run: UUID) -> bool:
    """Finish a run that has no shard left to do; True for exactly one caller."""
    left = RunShard.objects.filter(run=OuterRef("pk"), state__in=(ShardState.DUE, ShardState.RUNNING))
    running = JobRun.objects.filter(id=run, state=RunState.RUNNING).exclude(Exists(left))
    return bool(running.update(state=RunState.DONE, finished_at=seams.now()))


def _shards(each: Job, run: JobRun, items: list[UUID]) -> list[RunShard]:
    """Cut the items into shards; an item with an open failure of its own goes apart, parked if that is.

    Where only the latest slot counts it is left out: its own retry is as good.
    """
    if each.plan is None and each.policy is LATEST_ONLY:
        return [_in_place_of_failures(run)]
    open_failures = RunShard.objects.filter(
        job=run.job, apart=True, state__in=(ShardState.DUE, ShardState.RUNNING, ShardState.PARKED)
    )
    states = {shard.items[0]: shard.state for shard in open_failures.order_by("slot").reverse()}
    free = [item for item in items if item not in states]
    shards = [
        _shard(run, number, free[start : start + each.shard_size])
        for number, start in enumerate(range(0, len(free), each.shard_size))
    ]
    if each.policy is not LATEST_ONLY:
        for item in sorted(states.keys() & set(items)):
            state = ShardState.PARKED if states[item] == ShardState.PARKED else ShardState.DUE
            shards.append(_shard(run, len(shards), [item], apart=True, state=state))
    return shards


def _in_place_of_failures(run: JobRun) -> RunShard:
    """The one shard of a job without a plan: it does at once what earlier slots rest from or are parked with.

    It takes over the attempts they made, and waits only for one that is at work.
    """
    earlier = RunShard.objects.filter(job=run.job, apart=True)
    resting = earlier.filter(state=ShardState.DUE).order_by("slot").last()
    shard = _shard(run, 0, [WHOLE], apart=earlier.filter(state=ShardState.RUNNING).exists())
    if resting is not None:
        shard.attempts, shard.first_failed_at = resting.attempts, resting.first_failed_at
    dropped = earlier.filter(state__in=(ShardState.DUE, ShardState.PARKED))
    overtaken = list(dropped.values_list("run_id", flat=True))
    dropped.update(state=ShardState.CLOSED)
    JobRun.objects.filter(id__in=overtaken, state=RunState.RUNNING).update(
        state=RunState.SKIPPED, finished_at=seams.now()
    )
    return shard


def _shard(
    run: JobRun, number: int, items: list[UUID], *, apart: bool = False, state: ShardState = ShardState.DUE
) -> RunShard:
    return RunShard(
        id=seams.new_id(),
        run=run,
        job=run.job,
        slot=run.slot,
        number=number,
        items=items,
        apart=apart,
        state=state,
        next_at=seams.now(),
    )
