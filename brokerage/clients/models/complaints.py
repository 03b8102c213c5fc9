"""The complaints register."""

from django.db import models


class Complaint(models.Model):
    """One complaint with its dates; its words are sealed. Written by the projection only."""

    id = models.UUIDField(primary_key=True)
    client = models.UUIDField(null=True, db_index=True)
    subject = models.TextField()
    channel = models.TextField()
    stage = models.TextField()
    received = models.DateField()
    acknowledge_by = models.DateField()
    answer_by = models.DateField(db_index=True)
    acknowledged_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")
    text = models.UUIDField()
    answer = models.UUIDField(null=True)

    class Meta:
        ordering = ["answer_by", "id"]

    def __str__(self) -> str:
        return f"{self.subject} of {self.received}"
