"""Setting work aside for a person after five failures, and what that person decides."""

from typing import Any
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
from .locks import lock_job

ERROR_LENGTH = 2000


class NotOpen(Refused):
    """The parked item is unknown, or somebody decided about it before."""

    code = "jobs.not-open"


def text(error: Exception | str) -> str:
    """An error as the staff page shows it, its length bounded."""
    shown = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return shown.replace("\0", "")[:ERROR_LENGTH]


def park_item(shard: RunShard) -> None:
    """Set a shard of one item aside; needs the job's lock."""
    shard.state, shard.apart = ShardState.PARKED, True
    shard.save()
    item = str(shard.items[0])
    _park(
        ParkedSource.ITEM,
        shard.job,
        f"{shard.job}:{item}",
        {"item": item, "slot": shard.slot.isoformat(), "run": str(shard.run_id)},
        error=shard.error,
        attempts=shard.attempts,
        first_at=shard.first_failed_at or seams.now(),
    )


def park_behind(shard: RunShard) -> set[UUID]:
    """Park later slots of a parked item with it, so their runs can finish; all runs this touches."""
    waiting = RunShard.objects.filter(job=shard.job, items=shard.items, apart=True, state=ShardState.DUE)
    touched = set(waiting.values_list("run_id", flat=True)) | {shard.run_id}
    waiting.update(state=ShardState.PARKED)
    return touched


def park_plan(run: JobRun, error: Exception | str) -> None:
    """Set a run aside whose items could not be listed."""
    slot = run.slot.isoformat()
    _park(
        ParkedSource.PLAN,
        run.job,
        f"{run.job}:{slot}",
        {"slot": slot, "run": str(run.id)},
        error=text(error),
        attempts=run.attempts,
        first_at=run.started_at or seams.now(),
    )


def park_message(message: Outbox, error: Exception | str) -> None:
    """Set a message aside that could not be sent."""
    _park(
        ParkedSource.OUTBOX,
        message.kind,
        message.key,
        {"message": str(message.id)},
        error=text(error),
        attempts=message.attempts,
        first_at=message.created_at,
    )


def retry(parked: UUID, *, resolver: str, reason: str = "") -> None:
    """Put parked work back to be done at once, with five fresh attempts. Raises NotOpen."""
    with transaction.atomic():
        row = _resolve(parked, ParkedState.RETRIED, resolver, reason)
        again = {"attempts": 0, "next_at": seams.now()}
        if row.source == ParkedSource.ITEM:
            _parked_shards(row).update(state=ShardState.DUE, **again)
        elif row.source == ParkedSource.PLAN:
            JobRun.objects.filter(id=row.payload["run"], state=RunState.PARKED).update(
                state=RunState.DUE, **again
            )
        else:
            messages = Outbox.objects.filter(id=row.payload["message"], state=OutboxState.PARKED)
            messages.update(state=OutboxState.NEW, **again)


def close(parked: UUID, *, resolver: str, reason: str) -> None:
    """Give parked work up for good: it will not be done. Raises NotOpen."""
    with transaction.atomic():
        row = _resolve(parked, ParkedState.CLOSED, resolver, reason)
        if row.source == ParkedSource.ITEM:
            _parked_shards(row).update(state=ShardState.CLOSED)
        elif row.source == ParkedSource.PLAN:
            runs = JobRun.objects.filter(id=row.payload["run"], state=RunState.PARKED)
            runs.update(state=RunState.SKIPPED, finished_at=seams.now())


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


def _parked_shards(row: Parked) -> QuerySet[RunShard]:
    item = UUID(row.payload["item"])
    return RunShard.objects.filter(job=row.kind, items=[item], apart=True, state=ShardState.PARKED)


def _park(source: ParkedSource, kind: str, key: str, payload: dict[str, Any], **failure: Any) -> None:
    Parked.objects.create(
        id=seams.new_id(),
        source=source,
        kind=kind,
        business_key=key,
        payload=payload,
        last_at=seams.now(),
        **failure,
    )
