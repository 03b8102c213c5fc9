"""Screening lists and what they said of each person."""

from django.db import models


class ScreeningFile(models.Model):
    """A list's file by the SHA-256 an event names. The database refuses to change or remove it."""

    content_hash = models.TextField(primary_key=True)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.content_hash


class ScreeningList(models.Model):
    """One adopted list. Written by the projection only."""

    id = models.UUIDField(primary_key=True)
    content_hash = models.TextField(unique=True)
    dated = models.DateField()
    source = models.TextField()
    entries = models.IntegerField()
    adopted_at = models.DateTimeField()

    class Meta:
        ordering = ["-dated", "-adopted_at", "-id"]

    def __str__(self) -> str:
        return f"{self.source} of {self.dated}"


class Screening(models.Model):
    """A person's newest screening with every match there ever was. Written by the projection only.

    `matches` maps a match's id to its entry, kind, way, score, verdict and whether it is in the newest.
    One that waits or was confirmed counts until it is cleared, whether or not the newest found it again.
    """

    person = models.UUIDField(primary_key=True)
    person_version = models.UUIDField()
    content_hash = models.TextField(db_index=True)
    dated = models.DateField()
    matches = models.JSONField()
    waiting = models.IntegerField()
    confirmed = models.IntegerField()
    screened_at = models.DateTimeField()

    class Meta:
        ordering = ["screened_at", "person"]
        indexes = [
            models.Index(
                name="clients_screening_waiting", fields=["person"], condition=models.Q(waiting__gt=0)
            )
        ]

    def __str__(self) -> str:
        return str(self.person)
