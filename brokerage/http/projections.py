"""Webhooks, folded from their events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from .events import WebhookAdded, WebhookRemoved, WebhookSecretShown
from .models import Webhook


@projection(models=(Webhook,), events=(WebhookAdded, WebhookSecretShown, WebhookRemoved))
def webhooks(events: Sequence[Recorded]) -> None:
    """One row a webhook."""
    fold(Webhook, events, _evolve, key=lambda recorded: recorded.stream)


def _evolve(row: Webhook | None, recorded: Recorded) -> Webhook:
    event, at = recorded.event, recorded.effective_at
    if row is None:
        return Webhook(
            id=recorded.stream, url=event.url, kinds=list(event.kinds), person=event.person, added_at=at
        )
    if isinstance(event, WebhookSecretShown):
        row.secret_shown_at = at
    else:
        row.removed_at = at
    return row
