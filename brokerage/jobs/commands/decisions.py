"""What a person decides about parked work: do it again, or give it up."""

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from brokerage.ledger import seams
from brokerage.ledger.refusal import Refused

from ..models import (
    JobRun,
    Outbox,
    OutboxState,
    Parked,
    ParkedSource,
    ParkedState,
    RunShard,
    RunState,
    ShardState,
)
from ..rules import LATEST_ONLY
from ..schedule import jobs
from . import runs
from .locks import lock_job


class NotOpen(Refused):
    """The parked item is unknown, or somebody decided about it before."""

    code = "jobs.not-open"


def retry(parked: UUID, *, resolver: str, reason: str = "") -> None:
    """Do parked work again at once, with five fresh attempts. Raises NotOpen.

    Where only the latest slot counts the old one is dropped, and an extra slot entered for the present.
    """
    with transaction.atomic():
        row = _resolve(parked, ParkedState.RETRIED, resolver, reason)
        again = {"attempts": 0, "next_at": seams.now()}
        each = jobs().get(row.kind)
        if row.source == ParkedSource.OUTBOX:
            messages = Outbox.objects.filter(id=row.payload["message"], state=OutboxState.PARKED)
            messages.update(state=OutboxState.NEW, **again)
        elif each is not None and each.policy is LATEST_ONLY:
            _drop(row)
            runs.request(row.kind, seams.now())
        elif row.source == ParkedSource.ITEM:
            _shards(row).update(state=ShardState.DUE, **again)
        else:
            _runs(row).update(state=RunState.DUE, **again)


def close(parked: UUID, *, resolver: str, reason: str) -> None:
    """Give parked work up for good: it will not be done. Raises NotOpen."""
    with transaction.atomic():
        _drop(_resolve(parked, ParkedState.CLOSED, resolver, reason))


def _resolve(parked: UUID, state: ParkedState, resolver: str, reason: str) -> Parked:
    open_rows = Parked.objects.filter(id=parked, state=ParkedState.OPEN)
    if row := open_rows.first():
        lock_job(row.kind)
        row = open_rows.select_for_update().first()
    if row is None:
        raise NotOpen("This item is not open any more; reload the page.", parked=parked)
    row.state, row.resolver, row.reason, row.resolved_at = state, resolver, reason, seams.now()
    row.save()
    return row


def _drop(row: Parked) -> None:
    if row.source == ParkedSource.ITEM:
        _shards(row).update(state=ShardState.CLOSED)
    elif row.source == ParkedSource.PLAN:
        _runs(row).update(state=RunState.SKIPPED, finished_at=seams.now())


def _shards(row: Parked) -> QuerySet[RunShard]:
    item = UUID(row.payload["item"])
    return RunShard.objects.filter(job=row.kind, items=[item], apart=True, state=ShardState.PARKED)


def _runs(row: Parked) -> QuerySet[JobRun]:
    return JobRun.objects.filter(id=row.payload["run"], state=RunState.PARKED)
