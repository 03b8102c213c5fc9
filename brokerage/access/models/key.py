"""Keys with which machines use the REST interface."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from brokerage.ledger import seams

from ..rules import Perm


class ApiKey(models.Model):
    """One key. Of the secret only its SHA-256 is kept, and none before it was fetched, once.

    `scopes` are names of permissions, `networks` the CIDR blocks it may be used from (none: anywhere). A key
    without a `client` is the firm's own; one with a client is worth no more than its `person`'s authority.
    """

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.BinaryField(null=True, max_length=32)
    scopes = models.JSONField()
    networks = models.JSONField()
    client = models.UUIDField(null=True, db_index=True)
    person = models.UUIDField(db_index=True, help_text="Who asked for it, and stands behind what it does.")
    made_at = models.DateTimeField(default=seams.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, help_text="To the hour.")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("made_at")), name="access_key_expires")
        ]

    @property
    def scoped(self) -> frozenset[Perm]:
        """The scopes that name a right today; what the key is worth, `queries.rights_of_key` says."""
        return frozenset(perm for perm in Perm if perm in self.scopes)

    def lives(self, at: datetime) -> bool:
        """Whether it was neither revoked nor ran out by an instant."""
        return self.revoked_at is None and at < self.expires_at
