from django.db import migrations, models


class Migration(migrations.Migration):
    """When a person's death or insolvency was reported; `ledger rebuild` fills it in for older books."""

    dependencies = [("clients", "0013_one_way_to_sign")]

    operations = [
        migrations.AddField(
            "person",
            "died_at",
            models.DateTimeField(help_text="When the death was reported.", null=True),
        ),
        migrations.AddField(
            "person",
            "insolvent_at",
            models.DateTimeField(help_text="When bankruptcy or winding-up was reported.", null=True),
        ),
    ]
