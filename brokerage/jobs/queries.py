"""What staff and alarms see: how far each job is behind, what is parked, how old the outbox is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from .models import JobRun, Outbox, OutboxState, Parked, ParkedState, RunShard, RunState, ShardState
from .schedule import jobs

_OPEN = (RunState.DUE, RunState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """One job: its newest finished slot, how long its oldest unfinished slot has been due, and counts."""

    job: str
    queue: str
    last_done: datetime | None
    lag: timedelta
    open_runs: int
    open_shards: int
    parked: int


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """Messages waiting to be sent and how long the oldest has waited."""

    depth: int
    oldest: timedelta


def job_status(now: datetime) -> list[JobStatus]:
    """Every declared job as of `now`, by name; a lag of zero means that nothing is unfinished."""
    runs: dict[str, dict[str, Any]] = {
        row["job"]: dict(row)
        for row in JobRun.objects.values("job").annotate(
            last_done=Max("slot", filter=Q(state=RunState.DONE)),
            oldest=Min("slot", filter=Q(state__in=_OPEN)),
            open=Count("id", filter=Q(state__in=_OPEN)),
        )
    }
    open_shards = RunShard.objects.filter(state__in=(ShardState.DUE, ShardState.RUNNING))
    shards = dict(open_shards.values_list("job").annotate(Count("id")))
    parked = dict(parked_items().values_list("kind").annotate(Count("id")).order_by())
    none: dict[str, Any] = {"last_done": None, "oldest": None, "open": 0}
    return [
        JobStatus(
            job=name,
            queue=each.queue,
            last_done=(row := runs.get(name, none))["last_done"],
            lag=now - row["oldest"] if row["oldest"] else timedelta(0),
            open_runs=row["open"],
            open_shards=shards.get(name, 0),
            parked=parked.get(name, 0),
        )
        for name, each in sorted(jobs().items())
    ]


def runs_of(job: str) -> QuerySet[JobRun]:
    """The runs of a job, newest slot first."""
    return JobRun.objects.filter(job=job).order_by("-slot")


def parked_items() -> QuerySet[Parked]:
    """Everything that waits for a person, the newest failure first."""
    return Parked.objects.filter(state=ParkedState.OPEN)


def outbox_status(now: datetime) -> OutboxStatus:
    """How many messages wait and the age of the oldest."""
    waiting = Outbox.objects.filter(state=OutboxState.NEW).aggregate(
        depth=Count("id"), oldest=Min("created_at")
    )
    return OutboxStatus(waiting["depth"], now - waiting["oldest"] if waiting["oldest"] else timedelta(0))


def waiting(queue: str, now: datetime) -> int:
    """How many shards and runs of a queue could be due for a worker now."""
    due = {"job__in": jobs(queue), "state": "due", "next_at__lte": now}
    return RunShard.objects.filter(**due).count() + JobRun.objects.filter(**due).count()
