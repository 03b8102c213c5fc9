"""Standing authorities as the events leave them."""

from django.db import models


class StandingAuthority(models.Model):
    """What the firm may do with a client's assets, from `starts` to the end of `ends`. Projection only."""

    id = models.UUIDField(primary_key=True)
    client = models.UUIDField(db_index=True)
    purpose = models.TextField()
    documents = models.JSONField(default=list, help_text="The papers that it was given or renewed on.")
    starts = models.DateField()
    ends = models.DateField(db_index=True)
    noticed = models.DateField(null=True)
    delivered = models.DateField(null=True)
    objected = models.BooleanField(default=False)
    renewals = models.IntegerField(default=0)
    end = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["ends", "id"]
        verbose_name_plural = "standing authorities"

    def __str__(self) -> str:
        return f"{self.purpose} until {self.ends}"
