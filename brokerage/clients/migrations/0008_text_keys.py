from django.db import migrations, models

WRAPPED = """
DROP TRIGGER clients_sealedtext_frozen ON clients_sealedtext;
CREATE TRIGGER clients_sealedtext_frozen BEFORE UPDATE OF id, about, body OR DELETE ON clients_sealedtext
    FOR EACH ROW EXECUTE FUNCTION clients_refuse_change();
GRANT UPDATE (wrapped) ON clients_sealedtext TO praya_app;
"""
BACK = """
REVOKE UPDATE (wrapped) ON clients_sealedtext FROM praya_app;
DROP TRIGGER clients_sealedtext_frozen ON clients_sealedtext;
CREATE TRIGGER clients_sealedtext_frozen BEFORE UPDATE OR DELETE ON clients_sealedtext
    FOR EACH ROW EXECUTE FUNCTION clients_refuse_change();
"""


class Migration(migrations.Migration):
    """A text gets a data key; only its wrapping may change, so that the installation's keys can."""

    dependencies = [("clients", "0007_cases")]

    operations = [
        migrations.AddField("sealedtext", "wrapped", models.BinaryField(null=True)),
        migrations.RunSQL(WRAPPED, BACK),
    ]
