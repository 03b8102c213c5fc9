"""The desk's roles, and what each may see."""

from django.db import migrations

SEES = {
    "see_margin": "See margin accounts, their calls and their figures",
    "see_ledger": "Read the ledger: entries, events, postings, seals",
    "see_jobs": "See runs of jobs and parked items",
    "see_reference": "See instruments, prices, policies and other reference data",
}
ROLES = {
    "operations": ["see_margin", "see_ledger", "see_jobs", "see_reference"],
    "credit": ["see_margin", "see_ledger", "see_reference"],
    "compliance": ["see_margin", "see_ledger", "see_reference"],
    "auditor": ["see_margin", "see_ledger", "see_jobs", "see_reference"],
}


def create(apps, schema_editor):
    content_type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
        app_label="access", model="user"
    )
    made = apps.get_model("auth", "Permission").objects
    permissions = {
        codename: made.get_or_create(content_type=content_type, codename=codename, defaults={"name": name})[0]
        for codename, name in SEES.items()
    }
    for role, codenames in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.set([permissions[codename] for codename in codenames])


def remove(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "permissions": tuple(SEES.items()),
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
        migrations.RunPython(create, remove),
    ]
