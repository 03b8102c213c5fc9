"""Setting work aside for a person after five failures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from brokerage.ledger import seams

from ..models import JobRun, Outbox, Parked, ParkedSource, ParkedState, RunShard, ShardState
from ..rules import LATEST_ONLY
from ..schedule import jobs

ERROR_LENGTH = 2000


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
        run.job if jobs()[run.job].policy is LATEST_ONLY else f"{run.job}:{slot}",
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


def _park(
    source: ParkedSource,
    kind: str,
    key: str,
    payload: dict[str, Any],
    *,
    error: str,
    attempts: int,
    first_at: datetime,
) -> None:
    """Add an item, or renew the open one that fails on in later slots."""
    found = {"payload": payload, "error": error, "attempts": attempts, "last_at": seams.now()}
    Parked.objects.update_or_create(
        source=source,
        business_key=key,
        state=ParkedState.OPEN,
        defaults=found,
        create_defaults={"id": seams.new_id(), "kind": kind, "first_at": first_at, **found},
    )
