from importlib import import_module
from typing import Any

from django.db import migrations

TOLD = ["clients.person-held", "clients.person-released"]
note = import_module("brokerage.ledger.migrations.0002_withheld").note


def count_again(apps: Any, schema_editor: Any) -> None:
    """Legal holds on records are restricted no more: note anew which positions are withheld."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM ledger_event WHERE kind = ANY(%s))", [TOLD])
        if cursor.fetchone()[0]:
            cursor.execute("DELETE FROM ledger_withheld")
            note(apps, schema_editor)


class Migration(migrations.Migration):
    """Readers who see nothing restricted count positions with legal holds from now on (decision 014)."""

    dependencies = [("clients", "0014_what_befell"), ("ledger", "0002_withheld")]

    operations = [migrations.RunPython(count_again, migrations.RunPython.noop)]
