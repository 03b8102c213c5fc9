"""The cycle as Celery runs it. A task is a hint to look into PostgreSQL: it may be lost, late or doubled."""

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from datetime import time as local_time
from typing import Any
from uuid import UUID

from celery import shared_task
from django.db import connection
from kombu.exceptions import OperationalError

from brokerage.ledger import seals, seams, snapshots
from brokerage.ledger.hong_kong import HONG_KONG

from . import commands, outbox, queries
from .rules import LATEST_ONLY, daily
from .schedule import MONEY, QUEUES, REPORTS, Run, job

log = logging.getLogger(__name__)
BUDGET_S = 20
HELPERS = 4
KEPT = timedelta(days=90)
MAX_SKEW = timedelta(seconds=2)


def _hinted(task: str, seconds: float) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"queue": MONEY, "expires": max(2.0, seconds)}}


SCHEDULE = {
    "jobs.tick": _hinted("jobs.tick", 10.0),
    "jobs.sweep": _hinted("jobs.sweep", 10.0),
    "jobs.relay": _hinted("jobs.relay", 2.0),
    "jobs.seal": _hinted("jobs.seal", 1.0),
}


@shared_task(name="jobs.tick")
def tick() -> None:
    """Enter the slots that are due and call for workers wherever something waits.

    Refuses while this host's clock disagrees with the database's: a slot must not be entered early.
    """
    skew = clock_skew()
    if abs(skew) > MAX_SKEW:
        log.error("this clock is %s ahead of the database's; no slot is entered", skew)
        return
    commands.tick()
    for queue in QUEUES:
        call_for_workers(queue, queries.waiting(queue, seams.now()))


@shared_task(name="jobs.drain")
def drain(queue: str) -> None:
    """Work on a queue until nothing can be done or the time is up, and call others to help."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    more = _within_budget()
    while more():
        fresh = commands.work_once(queue, owner)
        if fresh is None:
            return
        call_for_workers(queue, fresh - 1)
    call_for_workers(queue, 1)


@shared_task(name="jobs.relay")
def relay() -> None:
    """Send what the outbox holds."""
    outbox.relay(_within_budget())


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Take back what dead workers held."""
    commands.sweep()


@shared_task(name="jobs.seal")
def seal() -> None:
    """Give positions to the ledger's finished transactions."""
    seals.seal()


@job("ledger.snapshot", slots=daily(local_time(1), HONG_KONG), policy=LATEST_ONLY, queue=REPORTS)
def snapshot(run: Run, items: Sequence[UUID]) -> None:
    """Keep as-of reads cheap: one snapshot of the balances a day."""
    snapshots.take()


@job("jobs.prune", slots=daily(local_time(4), HONG_KONG), policy=LATEST_ONLY, queue=REPORTS)
def prune(run: Run, items: Sequence[UUID]) -> None:
    """Forget what was finished long ago."""
    commands.prune(run.slot - KEPT)


def call_for_workers(queue: str, count: int) -> None:
    """Publish up to HELPERS hints that expire soon. A broker that is away costs time, until the next tick."""
    try:
        for _ in range(min(count, HELPERS)):
            drain.apply_async((queue,), queue=queue, expires=30)
    except OperationalError:
        log.warning("the broker is away; the next tick calls for workers again", exc_info=True)


def clock_skew() -> timedelta:
    """How far the application's clock is ahead of the database's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        database_now: datetime = cursor.fetchone()[0]
    return seams.now() - database_now


def _within_budget() -> Callable[[], bool]:
    deadline = time.monotonic() + BUDGET_S
    return lambda: time.monotonic() < deadline
