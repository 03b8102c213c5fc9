"""What waits for a second person, and what became of it."""

from django.db import models
from django.db.models import Q

from ..rules import ProposalState


class Proposal(models.Model):
    """A command with its inputs that one person asked for. Written by the projection only."""

    id = models.UUIDField(primary_key=True)
    command = models.TextField()
    inputs = models.JSONField()
    digest = models.TextField()
    permission = models.TextField()
    maker = models.UUIDField()
    maker_actor = models.TextField()
    client = models.UUIDField(null=True)
    account = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    state = models.TextField(choices=[(state.value, state.value) for state in ProposalState])
    decided_by = models.UUIDField(null=True)
    decided_actor = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [
            models.Index("expires_at", name="access_proposal_open", condition=Q(state="open")),
            models.Index("made_at", "id", name="access_proposal_made"),
            models.Index("client", name="access_proposal_client"),
        ]

    def __str__(self) -> str:
        return f"{self.command} of {self.made_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has decided yet; it may have expired all the same."""
        return self.state == ProposalState.OPEN
