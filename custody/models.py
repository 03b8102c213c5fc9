"""Custodians, client accounts and blocks as the events leave them. Balances are the ledger's.

All three are written by projections only.
"""

from django.db import models


class Custodian(models.Model):
    """A bank, platform or depository the firm keeps assets with, and what it keeps there."""

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    name = models.TextField(unique=True)
    licence_type = models.TextField()
    licence_number = models.TextField()
    licence_from = models.DateField()
    licence_until = models.DateField(null=True)
    assets = models.JSONField()
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ["registered_at", "id"]

    def __str__(self) -> str:
        return self.name


class CustodyAccount(models.Model):
    """A client account: its id is the stream of its events and the owner of its ledger accounts."""

    id = models.UUIDField(primary_key=True)
    client = models.ForeignKey("clients.Client", models.PROTECT, related_name="accounts")
    kind = models.TextField()
    base_currency = models.TextField()
    status = models.TextField()
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at", "id"]

    def __str__(self) -> str:
        return str(self.id)


class Block(models.Model):
    """Something that stops moves of an account until it is lifted; no asset means all of them."""

    id = models.UUIDField(primary_key=True)
    account = models.ForeignKey(CustodyAccount, models.PROTECT, related_name="blocks")
    scope = models.TextField()
    asset = models.TextField(null=True)
    reason = models.TextField()
    placed_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_reason = models.TextField(default="")

    class Meta:
        ordering = ["placed_at", "id"]
        indexes = [
            models.Index(
                name="custody_block_live", fields=["account"], condition=models.Q(lifted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} on {self.asset or 'all assets'}"
