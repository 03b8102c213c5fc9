"""What is to be reviewed, and when."""

from django.db import models


class Review(models.Model):
    """A client's review of one kind; without a due day none is to come. Projection only."""

    id = models.UUIDField(primary_key=True)
    client = models.UUIDField(db_index=True)
    kind = models.TextField()
    due = models.DateField(null=True, db_index=True)
    raised_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due", "id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.client}"
