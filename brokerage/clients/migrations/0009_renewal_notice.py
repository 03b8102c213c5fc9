from django.db import migrations, models


class Migration(migrations.Migration):
    """When the notice of an authority's renewal was delivered; none of those before has a receipt."""

    dependencies = [("clients", "0008_text_keys")]

    operations = [migrations.AddField("standingauthority", "delivered", models.DateField(null=True))]
