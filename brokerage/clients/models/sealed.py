"""Sealed texts. The database refuses to change or remove them; the wrapping of their keys may change."""

from django.db import models


class SealedText(models.Model):
    """One text about a case or complaint, sealed under a data key of its own; `sealed` alone reads it.

    `wrapped` is the data key under the installation's, empty once it is destroyed.
    """

    id = models.UUIDField(primary_key=True)
    about = models.UUIDField(db_index=True)
    body = models.BinaryField()
    wrapped = models.BinaryField()

    def __str__(self) -> str:
        return str(self.id)
