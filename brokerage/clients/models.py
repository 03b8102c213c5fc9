"""Clients as the events leave them, and beside them the label a screen shows."""

from django.db import models
from simple_history.models import HistoricalRecords


class Client(models.Model):
    """One client. Written by the projection only."""

    id = models.UUIDField(primary_key=True)
    reference = models.TextField(unique=True)
    type = models.TextField()
    classification = models.TextField()
    status = models.TextField()
    opened_at = models.DateTimeField()
    status_at = models.DateTimeField()

    class Meta:
        ordering = ["reference"]

    def __str__(self) -> str:
        return self.reference


class ClientLabel(models.Model):
    """The name staff see. No rule reads it, so it is no event; django-simple-history keeps its trail."""

    client = models.UUIDField(primary_key=True, help_text="The client's id.")
    name = models.CharField(max_length=120)
    history = HistoricalRecords()

    def __str__(self) -> str:
        return self.name
