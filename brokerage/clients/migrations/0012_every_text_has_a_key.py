import os
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import migrations, models

from brokerage.access import envelope


def seal_again(apps: Any, schema_editor: Any) -> None:
    """Give the texts from before data keys one each; what no key opens any more counts as destroyed.

    The hash in such a text's event is that of the former ciphertext.
    """
    frozen = "ALTER TABLE clients_sealedtext {} TRIGGER clients_sealedtext_frozen"
    schema_editor.execute(frozen.format("DISABLE"))
    for row in apps.get_model("clients", "SealedText").objects.filter(wrapped=None):
        bound = f"about:{row.about}:{row.id}"
        try:
            content = envelope.unseal(bound, bytes(row.body))
        except envelope.Unreadable as lost:
            print(f"text {row.id}: {lost}; it counts as destroyed")  # noqa: T201
            row.wrapped = b""
        else:
            key, nonce = AESGCM.generate_key(256), os.urandom(12)
            row.body = nonce + AESGCM(key).encrypt(nonce, content, bound.encode())
            row.wrapped = envelope.seal(bound, key)
        row.save()
    schema_editor.execute(frozen.format("ENABLE"))


class Migration(migrations.Migration):
    """No text is left that only the installation's key protects: each has a data key, or had one."""

    dependencies = [("clients", "0011_transfer_amount")]

    operations = [
        migrations.RunPython(seal_again, migrations.RunPython.noop),
        migrations.AlterField("sealedtext", "wrapped", models.BinaryField()),
    ]
