from typing import Any

from django.db import migrations, models

from brokerage.ledger.blocks import MEMBER
from brokerage.ledger.registry import Audience, kinds

NOTE = f"""
    WITH ranked AS (
        SELECT e.kind, s.first_position - 1
            + row_number() OVER (PARTITION BY s.first_position ORDER BY e.seq) AS position
        FROM ledger_seal s JOIN ledger_event e ON {MEMBER}
    )
    INSERT INTO ledger_withheld (position, shown)
    SELECT position, position - row_number() OVER (ORDER BY position) FROM ranked WHERE kind = ANY(%s)
"""


def note(apps: Any, schema_editor: Any) -> None:
    """Note what was sealed before the sealer did."""
    restricted = [name for name, kind in kinds().items() if kind.audience is Audience.RESTRICTED]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM ledger_event WHERE kind = ANY(%s))", [restricted])
        if cursor.fetchone()[0]:
            cursor.execute(NOTE, [restricted])


class Migration(migrations.Migration):
    """Where restricted events stand, so that positions can be told without gaps to those who see none."""

    dependencies = [("ledger", "0001_book")]

    operations = [
        migrations.CreateModel(
            "Withheld",
            [
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("shown", models.BigIntegerField(db_index=True)),
            ],
            options={"db_table": "ledger_withheld"},
        ),
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE, TRUNCATE ON ledger_withheld FROM praya_app", migrations.RunSQL.noop
        ),
        migrations.RunPython(note, migrations.RunPython.noop),
    ]
