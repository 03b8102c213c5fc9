"""People: what the book says of them by id, and beside it the vault's sealed records and their keys."""

from datetime import datetime
from uuid import UUID

from django.db import models

from ..rules.person import PersonKind


class Person(models.Model):
    """A person whose data is in the vault. Written by the projection only."""

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    version = models.UUIDField(help_text="The vault record that holds the details as they are now.")
    digest = models.TextField()
    recorded_at = models.DateTimeField()
    holds = models.JSONField(
        default=list, help_text="The orders' numbers of legal holds: they forbid erasure."
    )
    erased_at = models.DateTimeField(null=True)
    died_at = models.DateTimeField(null=True, help_text="When the death was reported.")
    insolvent_at = models.DateTimeField(null=True, help_text="When bankruptcy or winding-up was reported.")

    class Meta:
        ordering = ["recorded_at", "id"]

    @property
    def held(self) -> bool:
        """Whether a legal hold forbids erasure."""
        return bool(self.holds)

    def __str__(self) -> str:
        return str(self.id)


def unrecorded(id: UUID, at: datetime) -> Person:
    """Somebody of whom no details were ever recorded: a human being who has but a login or a key."""
    return Person(id=id, kind=PersonKind.INDIVIDUAL, version=UUID(int=0), recorded_at=at)


class Document(models.Model):
    """A paper of a person: its sealed bytes are the vault record of the same id. Projection only."""

    id = models.UUIDField(primary_key=True)
    person = models.UUIDField(db_index=True)
    kind = models.TextField()
    media = models.TextField()
    size = models.IntegerField()
    digest = models.TextField()
    stored_at = models.DateTimeField()

    class Meta:
        ordering = ["stored_at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class VaultRecord(models.Model):
    """One sealed text about a person. The database refuses to change or remove it; `vault` alone reads it."""

    id = models.UUIDField(primary_key=True)
    person = models.UUIDField(db_index=True)
    kind = models.TextField()
    body = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["sealed_at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class PersonKey(models.Model):
    """The data key of one person, wrapped by the installation's key. Empty once it is destroyed."""

    person = models.UUIDField(primary_key=True)
    wrapped = models.BinaryField(null=True)
    key_id = models.TextField(db_index=True)

    def __str__(self) -> str:
        return str(self.person)


class PersonReading(models.Model):
    """Who read which record of a person, and why. The database refuses to change or remove it."""

    id = models.UUIDField(primary_key=True)
    person = models.UUIDField(db_index=True)
    record = models.UUIDField()
    reader = models.UUIDField()
    actor = models.TextField()
    why = models.TextField()
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["-read_at", "-id"]

    def __str__(self) -> str:
        return f"{self.actor} {self.why}"
