"""Doing the work of shards under a lease, and taking back what a dead worker held."""

import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from brokerage.ledger import seams

from ..models import JobRun, RunShard, RunState, ShardState
from ..rules import MAX_ATTEMPTS, delay
from ..schedule import jobs
from . import parking, runs
from .locks import lock_job

log = logging.getLogger(__name__)
WHOLE_ATTEMPTS = 2


class LeaseLost(Exception):
    """The shard was taken over meanwhile; what this worker would still write is refused."""


def drain(queue: str, owner: str, more: Callable[[], bool] = lambda: True) -> int:
    """Do what the queue holds until nothing can be done now or `more` says stop; the number of steps."""
    steps = 0
    while more() and work_once(queue, owner) is not None:
        steps += 1
    return steps


def work_once(queue: str, owner: str) -> int | None:
    """Do one shard, or plan one run; the number of new shards, or None if nothing can be done."""
    if shard := claim_shard(queue, owner):
        seams.crash_point("jobs.after-claim")
        do_shard(shard)
        return 0
    if run := runs.claim_run(queue, owner):
        seams.crash_point("jobs.after-claim")
        return runs.plan_run(run)
    return None


def claim_shard(queue: str, owner: str) -> RunShard | None:
    """Take the oldest shard of the queue that may run now; the attempt is counted before it is made.

    So an attempt that takes the whole process with it counts too.
    """
    now = seams.now()
    unfinished = Q(state__in=(ShardState.DUE, ShardState.RUNNING, ShardState.PARKED), apart=True)
    ahead = RunShard.objects.filter(
        unfinished, job=OuterRef("job"), slot__lt=OuterRef("slot"), items=OuterRef("items")
    )
    with transaction.atomic():
        shard = (
            RunShard.objects.select_for_update(skip_locked=True)
            .filter(job__in=jobs(queue), state=ShardState.DUE, next_at__lte=now)
            .exclude(Q(apart=True) & Exists(ahead))
            .order_by("slot", "job", "number")
            .first()
        )
        if shard is not None:
            shard.state = ShardState.RUNNING
            shard.attempts, shard.fence = shard.attempts + 1, shard.fence + 1
            shard.lease_owner, shard.lease_until = owner, now + jobs()[shard.job].lease
            shard.save()
        return shard


def do_shard(shard: RunShard) -> None:
    """Run a claimed shard's work and mark it done, or note the failure. Lost leases end quietly."""
    run = JobRun.objects.get(id=shard.run_id)
    items = [item for item in shard.items if item != runs.WHOLE]
    try:
        jobs()[shard.job].work(runs.values(run), items)
        seams.crash_point("jobs.before-shard-commit")
        finish_shard(shard)
    except LeaseLost:
        log.warning("shard %s of %s at %s was taken over", shard.number, shard.job, shard.slot)
    except Exception as error:
        log.exception("shard %s of %s at %s failed", shard.number, shard.job, shard.slot)
        fail_shard(shard, error)
    else:
        seams.crash_point("jobs.after-shard-commit")


def finish_shard(shard: RunShard) -> None:
    """Mark a shard done, and its run when it was the last one. Raises LeaseLost under an old fence."""
    with transaction.atomic():
        JobRun.objects.select_for_update().get(id=shard.run_id)
        if not _held(shard).update(state=ShardState.DONE, lease_until=None):
            raise LeaseLost(f"shard {shard.id} is no longer held under fence {shard.fence}")
        runs.complete(shard.run_id)


def fail_shard(shard: RunShard, error: Exception | str) -> None:
    """Try a failed shard once more as it is, then item by item; let an item rest, and park it in the end.

    Once more as it is: a commit whose answer was lost is found again under the same keys.
    """
    with transaction.atomic():
        lock_job(shard.job)
        JobRun.objects.select_for_update().get(id=shard.run_id)
        if not RunShard.objects.select_for_update().filter(id=shard.id, fence=shard.fence, state="running"):
            return
        shard.error, shard.lease_until = parking.text(error), None
        shard.first_failed_at = shard.first_failed_at or seams.now()
        if len(shard.items) > 1 and shard.attempts < WHOLE_ATTEMPTS:
            shard.state = ShardState.DUE
            shard.save()
        elif len(shard.items) > 1:
            _split(shard)
        elif shard.attempts < MAX_ATTEMPTS:
            _rest(shard)
        else:
            parking.park_item(shard)
            for run in parking.park_behind(shard):
                runs.complete(run)


def sweep() -> int:
    """Count as failed what dead workers held beyond their leases; the number of shards and plans."""
    now = seams.now()
    shards = list(
        RunShard.objects.filter(state=ShardState.RUNNING, lease_until__lt=now).order_by("slot", "number")
    )
    plans = list(
        JobRun.objects.filter(state=RunState.DUE, lease_until__lt=now, attempts__gte=MAX_ATTEMPTS).order_by(
            "slot"
        )
    )
    for shard in shards:
        fail_shard(shard, "the worker did not finish within its lease")
    for run in plans:
        runs.fail_plan(run, "the plan did not finish within its lease")
    return len(shards) + len(plans)


def _held(shard: RunShard) -> QuerySet[RunShard]:
    return RunShard.objects.filter(id=shard.id, fence=shard.fence, state=ShardState.RUNNING)


def _rest(shard: RunShard) -> None:
    shard.state, shard.apart = ShardState.DUE, True
    shard.next_at = seams.now() + delay(shard.attempts, f"{shard.job}:{shard.items[0]}")
    shard.save()


def _split(shard: RunShard) -> None:
    """One shard per item, each with the attempts already made, so that only the bad one fails again."""
    shard.state = ShardState.SPLIT
    shard.save()
    last: int = RunShard.objects.filter(run=shard.run_id).aggregate(last=Max("number"))["last"]
    RunShard.objects.bulk_create(
        RunShard(
            id=seams.new_id(),
            run_id=shard.run_id,
            job=shard.job,
            slot=shard.slot,
            number=number,
            items=[item],
            apart=True,
            attempts=shard.attempts,
            next_at=seams.now(),
            first_failed_at=shard.first_failed_at,
            error=shard.error,
        )
        for number, item in enumerate(shard.items, last + 1)
    )
