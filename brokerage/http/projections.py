"""Webhooks, folded from their events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from .events import WebhookAdded, WebhookRemoved
from .models import Webhook


@projection(models=(Webhook,), events=(WebhookAdded, WebhookRemoved))
def webhooks(events: Sequence[Recorded]) -> None:
    """One row a webhook."""
    fold(Webhook, events, _evolve, key=lambda recorded: recorded.stream)


def _evolve(row: Webhook | None, recorded: Recorded) -> Webhook:
    if row is not None:
        row.removed_at = recorded.effective_at
        return row
    event = recorded.event
    return Webhook(id=recorded.stream, url=event.url, kinds=list(event.kinds), added_at=recorded.effective_at)
