"""Forgetting finished work: what it did stands in the book, the rows only say that it was done."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from ..models import JobRun, Outbox, OutboxState, RunShard, RunState, ShardState


def prune(before: datetime) -> int:
    """Delete runs finished and messages sent before an instant; the number of both.

    The newest run of each job stays, because the next slots are counted from it, and so does a run
    with an item that still waits for a person.
    """
    newer = JobRun.objects.filter(job=OuterRef("job"), slot__gt=OuterRef("slot"))
    waiting = RunShard.objects.filter(
        run=OuterRef("pk"), state__in=(ShardState.DUE, ShardState.RUNNING, ShardState.PARKED)
    )
    finished = JobRun.objects.filter(state__in=(RunState.DONE, RunState.SKIPPED), finished_at__lt=before)
    with transaction.atomic():
        _, runs = finished.filter(Exists(newer)).exclude(Exists(waiting)).delete()
        _, messages = Outbox.objects.filter(state=OutboxState.SENT, sent_at__lt=before).delete()
    return runs.get(JobRun._meta.label, 0) + messages.get(Outbox._meta.label, 0)
