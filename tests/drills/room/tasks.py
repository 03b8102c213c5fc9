"""The job that must go on, every two seconds over forty items, and the handler of payment messages."""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid5

from brokerage.jobs.outbox import Message, handler
from brokerage.jobs.rules import ALL_IN_ORDER, every
from brokerage.jobs.schedule import Run, job
from brokerage.ledger import seams
from brokerage.ledger.entry import Context, Source

from .commands import mark, notice

NAMESPACE = UUID("00000000-0000-7000-8000-00000000d1a1")
PAUSE_S = 0.03
ITEMS = [uuid5(NAMESPACE, str(number)) for number in range(40)]


@job(
    "drill.mark",
    slots=every(timedelta(seconds=2)),
    policy=ALL_IN_ORDER,
    queue="reval",
    plan=lambda run: ITEMS,
    shard_size=10,
    lease=timedelta(seconds=10),
)
def cover(run: Run, items: Sequence[UUID]) -> None:
    """One keyed command an item, slow enough to be caught in the middle."""
    for item in items:
        mark(run.context(item), item=item, slot=run.slot)
        time.sleep(PAUSE_S)


@handler("drill.paid")
def paid(message: Message) -> None:
    """One keyed command a message."""
    stream = uuid5(NAMESPACE, f"notices {message.payload['client']}")
    context = Context(
        actor="job:relay", source=Source.JOB, key=f"notice:{message.id}", effective_at=seams.now()
    )
    notice(context, stream=stream, message=message.id)
