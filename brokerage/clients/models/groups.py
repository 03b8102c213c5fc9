"""Groups of related clients, and who belongs to them."""

from django.db import models


class Group(models.Model):
    """A group of related clients. Written by the projection only."""

    id = models.UUIDField(primary_key=True)
    reference = models.TextField(unique=True)
    formed_at = models.DateTimeField()

    class Meta:
        ordering = ["reference"]

    def __str__(self) -> str:
        return self.reference


class GroupMember(models.Model):
    """The group a client belongs to; no group after it left. Written by the projection only."""

    client = models.UUIDField(primary_key=True)
    group = models.UUIDField(null=True, db_index=True)
    tie = models.TextField()
    since = models.DateTimeField()

    class Meta:
        ordering = ["since", "client"]

    def __str__(self) -> str:
        return str(self.client)
