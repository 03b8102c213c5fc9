"""What a webhook was sent before this was noted, nobody knows: it starts where it has come to."""

from typing import Any

from django.db import migrations, models


def start_here(apps: Any, schema_editor: Any) -> None:
    apps.get_model("http", "WebhookState").objects.update(start=models.F("cursor"))


class Migration(migrations.Migration):
    dependencies = [("http", "0003_webhook_secrets")]
    operations = [
        migrations.AddField("webhookstate", "start", models.BigIntegerField(null=True)),
        migrations.RunPython(start_here, migrations.RunPython.noop),
        migrations.AlterField(
            "webhookstate",
            "start",
            models.BigIntegerField(help_text="Two people agreed to send what comes after this position."),
        ),
    ]
