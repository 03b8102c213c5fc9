"""The book of record, created by SQL because Django cannot express its guards."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).with_suffix(".sql").read_text()


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL([SQL])],
            state_operations=[
                migrations.CreateModel(
                    name="LedgerAccount",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("owner", models.UUIDField()),
                        ("role", models.TextField()),
                        ("asset", models.TextField()),
                        ("side", models.SmallIntegerField()),
                    ],
                    options={
                        "db_table": "ledger_account",
                    },
                ),
                migrations.CreateModel(
                    name="Entry",
                    fields=[
                        ("id", models.UUIDField(primary_key=True, serialize=False)),
                        ("key", models.TextField(unique=True)),
                        ("fingerprint", models.BinaryField()),
                        ("command", models.TextField()),
                        ("actor", models.TextField()),
                        ("source", models.TextField()),
                        ("maker", models.UUIDField(null=True)),
                        ("checker", models.UUIDField(null=True)),
                        ("proposal", models.UUIDField(null=True)),
                        ("effective_at", models.DateTimeField()),
                        ("recorded_at", models.DateTimeField()),
                        ("result", models.JSONField(null=True)),
                        ("correlation", models.UUIDField(null=True)),
                        ("causation", models.UUIDField(null=True)),
                    ],
                    options={
                        "db_table": "ledger_entry",
                    },
                ),
                migrations.CreateModel(
                    name="Epoch",
                    fields=[
                        ("number", models.IntegerField(primary_key=True, serialize=False)),
                        ("system_identifier", models.TextField()),
                        ("first_xid", models.BigIntegerField()),
                        ("after_seq", models.BigIntegerField()),
                        ("opened_at", models.DateTimeField()),
                    ],
                    options={
                        "db_table": "ledger_epoch",
                    },
                ),
                migrations.CreateModel(
                    name="Refusal",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("key", models.TextField()),
                        ("command", models.TextField()),
                        ("actor", models.TextField()),
                        ("source", models.TextField()),
                        ("code", models.TextField()),
                        ("message", models.TextField()),
                        ("evidence", models.JSONField()),
                        ("effective_at", models.DateTimeField()),
                        ("refused_at", models.DateTimeField()),
                    ],
                    options={
                        "db_table": "ledger_refusal",
                    },
                ),
                migrations.CreateModel(
                    name="SnapshotRun",
                    fields=[
                        ("number", models.IntegerField(primary_key=True, serialize=False)),
                        ("floor", models.BigIntegerField()),
                        ("previous_floor", models.BigIntegerField()),
                        ("position", models.BigIntegerField()),
                        ("cutoff", models.DateTimeField()),
                        ("min_effective", models.DateTimeField()),
                    ],
                    options={
                        "db_table": "ledger_snapshot_run",
                    },
                ),
                migrations.CreateModel(
                    name="Balance",
                    fields=[
                        (
                            "account",
                            models.OneToOneField(
                                db_column="account",
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                serialize=False,
                                to="ledger.ledgeraccount",
                            ),
                        ),
                        ("owner", models.UUIDField()),
                        ("role", models.TextField()),
                        ("asset", models.TextField()),
                        ("side", models.SmallIntegerField()),
                        ("amount", models.DecimalField(decimal_places=18, max_digits=38)),
                    ],
                    options={
                        "db_table": "ledger_balance",
                    },
                ),
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        ("seq", models.BigAutoField(primary_key=True, serialize=False)),
                        ("stream", models.UUIDField()),
                        ("version", models.IntegerField()),
                        ("kind", models.TextField()),
                        ("schema", models.SmallIntegerField()),
                        ("data", models.JSONField()),
                        ("owner", models.UUIDField(null=True)),
                        ("effective_at", models.DateTimeField()),
                        ("xid", models.BigIntegerField()),
                        ("hash", models.BinaryField()),
                        (
                            "entry",
                            models.ForeignKey(
                                db_column="entry",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="events",
                                to="ledger.entry",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "ledger_event",
                    },
                ),
                migrations.CreateModel(
                    name="PostingRow",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "account",
                                "event",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("owner", models.UUIDField()),
                        ("amount", models.DecimalField(decimal_places=18, max_digits=38)),
                        (
                            "account",
                            models.ForeignKey(
                                db_column="account",
                                on_delete=django.db.models.deletion.PROTECT,
                                to="ledger.ledgeraccount",
                            ),
                        ),
                        (
                            "event",
                            models.ForeignKey(
                                db_column="event",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="postings",
                                to="ledger.event",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "ledger_posting",
                    },
                ),
                migrations.CreateModel(
                    name="Seal",
                    fields=[
                        ("first_position", models.BigIntegerField(primary_key=True, serialize=False)),
                        ("count", models.IntegerField()),
                        ("xid_from", models.BigIntegerField()),
                        ("xid_until", models.BigIntegerField()),
                        ("seq_from", models.BigIntegerField()),
                        ("seq_until", models.BigIntegerField()),
                        ("open_seq", models.BigIntegerField(null=True)),
                        ("root", models.BinaryField()),
                        ("previous", models.BinaryField()),
                        ("digest", models.BinaryField()),
                        ("signature", models.BinaryField()),
                        ("key_id", models.TextField()),
                        ("sealed_at", models.DateTimeField()),
                        (
                            "epoch",
                            models.ForeignKey(
                                db_column="epoch",
                                on_delete=django.db.models.deletion.PROTECT,
                                to="ledger.epoch",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "ledger_seal",
                    },
                ),
                migrations.CreateModel(
                    name="Snapshot",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "account",
                                "run",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("amount", models.DecimalField(decimal_places=18, max_digits=38)),
                        (
                            "account",
                            models.ForeignKey(
                                db_column="account",
                                on_delete=django.db.models.deletion.PROTECT,
                                to="ledger.ledgeraccount",
                            ),
                        ),
                        (
                            "run",
                            models.ForeignKey(
                                db_column="run",
                                on_delete=django.db.models.deletion.PROTECT,
                                to="ledger.snapshotrun",
                            ),
                        ),
                    ],
                    options={
                        "db_table": "ledger_snapshot",
                    },
                ),
            ],
        ),
    ]
