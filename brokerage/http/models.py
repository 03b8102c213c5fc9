"""What the edge remembers for a while: answers it gave, and how often somebody asked. No facts."""

from django.db import models


class Reply(models.Model):
    """The answer to a command, encrypted, for whoever sends the same key again; kept for KEPT."""

    id = models.BinaryField(primary_key=True, max_length=32, help_text="SHA-256 of the ledger's key.")
    status = models.SmallIntegerField()
    body = models.BinaryField()
    made_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.status} at {self.made_at:%Y-%m-%d %H:%M}"


class Tally(models.Model):
    """How many requests somebody made in one minute; the table is unlogged."""

    id = models.TextField(primary_key=True, help_text="Who, and which minute.")
    requests = models.IntegerField()
    minute = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.id}: {self.requests}"


class Webhook(models.Model):
    """An address that is told of events. Written by the projection only."""

    id = models.UUIDField(primary_key=True)
    url = models.TextField()
    kinds = models.JSONField()
    person = models.UUIDField(null=True, help_text="Who asked for it, and may have its secret.")
    added_at = models.DateTimeField()
    secret_shown_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-added_at", "-id"]

    def __str__(self) -> str:
        return self.url


class WebhookState(models.Model):
    """How far a webhook has come, and the sealed secret its messages are signed with. No fact.

    Its `start` and since when it is off are said by its events as well. One that is off and was failing gave
    up by itself; a person switched the others off.
    """

    webhook = models.UUIDField(primary_key=True)
    secret = models.BinaryField()
    start = models.BigIntegerField(help_text="Two people agreed to send what comes after this position.")
    cursor = models.BigIntegerField()
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.webhook)


class Delivery(models.Model):
    """One message to a webhook and what became of it. A test has no position."""

    id = models.UUIDField(primary_key=True)
    webhook = models.UUIDField()
    position = models.BigIntegerField(null=True)
    event = models.TextField()
    kind = models.TextField()
    state = models.TextField(default="new", help_text="new, sent or failed")
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answer = models.TextField(default="", help_text="The status of the last answer, or why there was none.")

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [
            models.Index("webhook", "next_at", name="http_delivery_due", condition=models.Q(state="new")),
            models.Index("webhook", "made_at", "id", name="http_delivery_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.state}"
