"""Alerts, cases and what was noted in them. Written by projections only; read by compliance only."""

from django.db import models


class Alert(models.Model):
    """Something about a client that somebody, or a rule, looked at twice."""

    id = models.UUIDField(primary_key=True)
    client = models.UUIDField(db_index=True)
    ground = models.TextField()
    state = models.TextField()
    text = models.UUIDField(null=True)
    case = models.UUIDField(null=True, db_index=True)
    raised_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["raised_at", "id"]

    def __str__(self) -> str:
        return f"{self.ground} {self.id}"


class Case(models.Model):
    """A client's affairs under examination."""

    id = models.UUIDField(primary_key=True)
    client = models.UUIDField(db_index=True)
    state = models.TextField()
    report_number = models.TextField(default="")
    filed = models.DateField(null=True)
    closure_reason = models.TextField(default="")
    closure_by = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at", "-id"]

    def __str__(self) -> str:
        return str(self.id)


class CaseNote(models.Model):
    """A sealed note or paper of a case, by the id of its sealed text."""

    id = models.UUIDField(primary_key=True)
    case = models.UUIDField(db_index=True)
    media = models.TextField()
    digest = models.TextField()
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["added_at", "id"]

    def __str__(self) -> str:
        return str(self.id)
