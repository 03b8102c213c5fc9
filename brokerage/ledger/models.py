"""The book's tables as Django sees them; migrations/0001_book.sql creates them with their guards.

Written only by `store`, `seals` and `snapshots`. The database refuses UPDATE and DELETE on all but
balances and snapshots.
"""

from django.db import models


class Entry(models.Model):
    """One accepted command."""

    id = models.UUIDField(primary_key=True)
    key = models.TextField(unique=True)
    fingerprint = models.BinaryField()
    command = models.TextField()
    actor = models.TextField()
    source = models.TextField()
    maker = models.UUIDField(null=True)
    checker = models.UUIDField(null=True)
    proposal = models.UUIDField(null=True)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    result = models.JSONField(null=True)
    correlation = models.UUIDField(null=True)
    causation = models.UUIDField(null=True)

    class Meta:
        db_table = "ledger_entry"


class Event(models.Model):
    """One fact, chained to the fact before it in its stream."""

    seq = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(Entry, models.PROTECT, db_column="entry", related_name="events")
    stream = models.UUIDField()
    version = models.IntegerField()
    kind = models.TextField()
    schema = models.SmallIntegerField()
    data = models.JSONField()
    owner = models.UUIDField(null=True)
    effective_at = models.DateTimeField()
    xid = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        db_table = "ledger_event"


class LedgerAccount(models.Model):
    """One account of the chart."""

    id = models.BigAutoField(primary_key=True)
    owner = models.UUIDField()
    role = models.TextField()
    asset = models.TextField()
    side = models.SmallIntegerField()

    class Meta:
        db_table = "ledger_account"


class PostingRow(models.Model):
    """A signed amount of one event on one account; credit positive, never zero."""

    pk = models.CompositePrimaryKey("account", "event")
    event = models.ForeignKey(Event, models.PROTECT, db_column="event", related_name="postings")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, db_column="account")
    owner = models.UUIDField()
    amount = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        db_table = "ledger_posting"


class Balance(models.Model):
    """The running sum of an eager account (clients and the insurance fund)."""

    account = models.OneToOneField(LedgerAccount, models.PROTECT, primary_key=True, db_column="account")
    owner = models.UUIDField()
    role = models.TextField()
    asset = models.TextField()
    side = models.SmallIntegerField()
    amount = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        db_table = "ledger_balance"


class Epoch(models.Model):
    """A stretch of the book written by one database system; a restore opens a new one."""

    number = models.IntegerField(primary_key=True)
    system_identifier = models.TextField()
    first_xid = models.BigIntegerField()
    after_seq = models.BigIntegerField()
    opened_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_epoch"


class Seal(models.Model):
    """A closed window of transactions as a signed Merkle block of consecutive positions."""

    first_position = models.BigIntegerField(primary_key=True)
    count = models.IntegerField()
    epoch = models.ForeignKey(Epoch, models.PROTECT, db_column="epoch")
    xid_from = models.BigIntegerField()
    xid_until = models.BigIntegerField()
    seq_from = models.BigIntegerField()
    seq_until = models.BigIntegerField()
    open_seq = models.BigIntegerField(null=True)
    root = models.BinaryField()
    previous = models.BinaryField()
    digest = models.BinaryField()
    signature = models.BinaryField()
    key_id = models.TextField()
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_seal"


class Withheld(models.Model):
    """The position of a restricted event, and how many events before it are `shown` to all readers."""

    position = models.BigIntegerField(primary_key=True)
    shown = models.BigIntegerField(db_index=True)

    class Meta:
        db_table = "ledger_withheld"


class Refusal(models.Model):
    """A command that was refused: a log beside the book. Frozen by its trigger, but under no hash or seal."""

    id = models.BigAutoField(primary_key=True)
    key = models.TextField()
    command = models.TextField()
    actor = models.TextField()
    source = models.TextField()
    code = models.TextField()
    message = models.TextField()
    evidence = models.JSONField()
    effective_at = models.DateTimeField()
    refused_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_refusal"


class SnapshotRun(models.Model):
    """One daily snapshot: every event with seq up to `floor` is in it, and all of them were sealed.

    `cutoff` is the latest effective time inside the snapshot; `min_effective` the earliest among
    the events added since the run before, so that as-of reads skip the days that cannot matter.
    """

    number = models.IntegerField(primary_key=True)
    floor = models.BigIntegerField()
    previous_floor = models.BigIntegerField()
    position = models.BigIntegerField()
    cutoff = models.DateTimeField()
    min_effective = models.DateTimeField()

    class Meta:
        db_table = "ledger_snapshot_run"


class Snapshot(models.Model):
    """The balance of an account at a run, stored only where it changed since the run before."""

    pk = models.CompositePrimaryKey("account", "run")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, db_column="account")
    run = models.ForeignKey(SnapshotRun, models.PROTECT, db_column="run")
    amount = models.DecimalField(max_digits=38, decimal_places=18)

    class Meta:
        db_table = "ledger_snapshot"
