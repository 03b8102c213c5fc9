from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0007_staff_people"),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE access_user SET is_superuser = false WHERE is_superuser", migrations.RunSQL.noop
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_superuser", False)), name="access_no_superuser"
            ),
        ),
    ]
