"""Webhooks as a page or a route shows them: what was asked for, and how far each has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from brokerage.ledger import numbering

from .models import Delivery, Webhook, WebhookState


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A webhook with its state; `secret` is filled in by the one route that shows it."""

    id: UUID
    url: str
    kinds: list[str]
    person: UUID | None
    added_at: datetime
    secret_shown_at: datetime | None
    removed_at: datetime | None
    cursor: int
    failing_since: datetime | None
    disabled_at: datetime | None
    secret: str | None = None

    @property
    def condition(self) -> str:
        """In a word: removed, off (by a person), gave-up (after failures), failing or on."""
        if self.removed_at:
            return "removed"
        if self.disabled_at:
            return "gave-up" if self.failing_since else "off"
        return "failing" if self.failing_since else "on"


def webhooks() -> QuerySet[Webhook]:
    """All of them, newest first, removed ones included."""
    return Webhook.objects.all()


def webhook(identifier: UUID) -> Shown | None:
    """One webhook, if there is one of this id."""
    return next(iter(shown(webhooks().filter(pk=identifier))), None)


def shown(rows: Sequence[Webhook] | QuerySet[Webhook]) -> list[Shown]:
    """The webhooks with their states, read for all of them at once."""
    states = WebhookState.objects.in_bulk([row.id for row in rows])
    return [
        Shown(
            id=row.id,
            url=row.url,
            kinds=row.kinds,
            person=row.person,
            added_at=row.added_at,
            secret_shown_at=row.secret_shown_at,
            removed_at=row.removed_at,
            cursor=numbering.number(state.cursor),
            failing_since=state.failing_since,
            disabled_at=state.disabled_at,
        )
        for row in rows
        for state in [states[row.id]]
    ]


def deliveries(webhook: UUID) -> QuerySet[Delivery]:
    """What was sent to a webhook, newest first, for a month."""
    return Delivery.objects.filter(webhook=webhook)


def gave_up() -> QuerySet[WebhookState]:
    """Webhooks that were switched off by their failures, and that nobody has removed since."""
    off = WebhookState.objects.exclude(disabled_at=None).exclude(failing_since=None)
    return off.filter(webhook__in=Webhook.objects.filter(removed_at=None).values("id"))
