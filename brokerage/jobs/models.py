"""Work that PostgreSQL holds: runs, their shards, messages to send and items set aside for staff.

Working tables, not the book: they say what is to be done and who holds it, never what anything is worth.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class RunState(models.TextChoices):
    """A slot's life. Skipped: a newer slot made it pointless. Parked: its plan failed too often."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    PARKED = "parked"


class ShardState(models.TextChoices):
    """A shard's life. Split: its items went on as shards of one. Closed: given up, or overtaken."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    SPLIT = "split"
    PARKED = "parked"
    CLOSED = "closed"


class JobRun(models.Model):
    """One slot of one job. The unique row is what makes it run once; the lease only saves work."""

    id = models.UUIDField(primary_key=True)
    job = models.TextField()
    slot = models.DateTimeField()
    state = models.TextField(choices=RunState, default=RunState.DUE)
    late = models.BooleanField(default=False)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    lease_owner = models.TextField(default="")
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "jobs_run"
        constraints = [
            models.UniqueConstraint(fields=("job", "slot"), name="jobs_run_slot_once"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="jobs_run_state_known"),
        ]
        indexes = [
            models.Index("job", "slot", name="jobs_run_open", condition=Q(state__in=("due", "running")))
        ]


class RunShard(models.Model):
    """A fixed part of a run's items, done or not done as a whole.

    `apart`: one item that failed or waits behind its own earlier failure; it holds nobody else back.
    """

    id = models.UUIDField(primary_key=True)
    run = models.ForeignKey(JobRun, models.CASCADE, related_name="shards")
    job = models.TextField()
    slot = models.DateTimeField()
    number = models.IntegerField()
    items = ArrayField(models.UUIDField())
    apart = models.BooleanField(default=False)
    state = models.TextField(choices=ShardState, default=ShardState.DUE)
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    lease_owner = models.TextField(default="")
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    first_failed_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        db_table = "jobs_run_shard"
        constraints = [
            models.UniqueConstraint(fields=("run", "number"), name="jobs_run_shard_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=ShardState.values), name="jobs_run_shard_state_known"
            ),
        ]
        indexes = [
            models.Index(
                "job",
                "slot",
                "number",
                name="jobs_run_shard_open",
                condition=Q(state__in=("due", "running", "parked")),
            ),
        ]


class OutboxState(models.TextChoices):
    """A message's life."""

    NEW = "new"
    SENT = "sent"
    PARKED = "parked"


class Outbox(models.Model):
    """A message that a command's transaction left to be sent; `next_at` doubles as the sender's lease."""

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    key = models.TextField(unique=True)
    payload = models.JSONField()
    state = models.TextField(choices=OutboxState, default=OutboxState.NEW)
    attempts = models.IntegerField(default=0)
    fence = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        db_table = "jobs_outbox"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=OutboxState.values), name="jobs_outbox_state_known")
        ]
        indexes = [models.Index("next_at", "id", name="jobs_outbox_new", condition=Q(state="new"))]


class ParkedSource(models.TextChoices):
    """What was set aside: the item of a shard, the plan of a run, or a message."""

    ITEM = "item"
    PLAN = "plan"
    OUTBOX = "outbox"


class ParkedState(models.TextChoices):
    """What staff did about it."""

    OPEN = "open"
    RETRIED = "retried"
    CLOSED = "closed"


class Parked(models.Model):
    """A dead letter: work that failed five times and waits for a person. It blocks only itself."""

    id = models.UUIDField(primary_key=True)
    source = models.TextField(choices=ParkedSource)
    kind = models.TextField()
    business_key = models.TextField()
    payload = models.JSONField()
    error = models.TextField()
    attempts = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    state = models.TextField(choices=ParkedState, default=ParkedState.OPEN)
    resolver = models.TextField(default="")
    reason = models.TextField(default="")
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "jobs_parked"
        ordering = (F("last_at").desc(),)
        constraints = [
            models.UniqueConstraint(
                fields=("source", "business_key"), condition=Q(state="open"), name="jobs_parked_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open") | ~Q(resolver=""), name="jobs_parked_has_resolver"
            ),
        ]
