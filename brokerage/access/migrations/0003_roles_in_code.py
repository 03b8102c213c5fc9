"""Rights move from rows into code (access.rules.ROLES); the groups that stay are the names of roles."""

from django.db import migrations

ROLES = ["operations", "operations-checker", "credit", "compliance", "auditor", "client", "machine"]


def name_roles(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects
    for role in ROLES:
        groups.get_or_create(name=role)
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="access", codename__startswith="see_"
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("access", "0002_roles")]
    operations = [
        migrations.AlterModelOptions(name="user", options={"verbose_name": "user", "verbose_name_plural": "users"}),
        migrations.RunPython(name_roles, migrations.RunPython.noop),
    ]
