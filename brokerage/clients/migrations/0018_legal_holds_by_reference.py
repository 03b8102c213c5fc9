from django.db import migrations, models

KEPT = """
    UPDATE clients_person p SET holds = jsonb_build_array(e.data->>'reason')
    FROM ledger_event e
    WHERE p.held AND e.stream = p.id AND e.kind = 'clients.person-held' AND NOT EXISTS (
        SELECT FROM ledger_event l WHERE l.stream = p.id AND l.kind = e.kind AND l.version > e.version
    )
"""


class Migration(migrations.Migration):
    """A person may carry several legal holds, each by its order's number; there was one at most."""

    dependencies = [("clients", "0017_texts_have_a_time"), ("ledger", "0002_withheld")]

    operations = [
        migrations.AddField(
            "person",
            "holds",
            models.JSONField(
                default=list, help_text="The orders' numbers of legal holds: they forbid erasure."
            ),
        ),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RemoveField("person", "held"),
    ]
