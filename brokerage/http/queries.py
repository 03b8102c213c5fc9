"""Webhooks as a page or a route shows them: what was asked for, and how far each has come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from brokerage.access.queries import rights_of
from brokerage.access.rules import Perm
from brokerage.ledger import numbering

from .models import Delivery, Webhook, WebhookState


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A webhook with its state; `vouched` says whether whoever asked for it may still read what it is told.

    `secret` is filled in by the one route that shows it.
    """

    id: UUID
    url: str
    kinds: list[str]
    person: UUID | None
    added_at: datetime
    secret_shown_at: datetime | None
    removed_at: datetime | None
    start: int
    cursor: int
    failing_since: datetime | None
    disabled_at: datetime | None
    vouched: bool
    secret: str | None = None

    @property
    def condition(self) -> str:
        """In a word: removed, off (by a person), gave-up (after failures), held-back, failing or on."""
        if self.removed_at:
            return "removed"
        if self.disabled_at:
            return "gave-up" if self.failing_since else "off"
        if not self.vouched:
            return "held-back"
        return "failing" if self.failing_since else "on"


def webhooks() -> QuerySet[Webhook]:
    """All of them, newest first, removed ones included."""
    return Webhook.objects.all()


def webhook(identifier: UUID) -> Shown | None:
    """One webhook, if there is one of this id."""
    return next(iter(shown(webhooks().filter(pk=identifier))), None)


def shown(rows: Sequence[Webhook] | QuerySet[Webhook]) -> list[Shown]:
    """The webhooks with their states, read for all of them at once."""
    readers = _readers(rows)
    states = WebhookState.objects.in_bulk([row.id for row in rows])
    numbers = numbering.numbers(at for state in states.values() for at in (state.start, state.cursor))
    return [
        Shown(
            id=row.id,
            url=row.url,
            kinds=row.kinds,
            person=row.person,
            added_at=row.added_at,
            secret_shown_at=row.secret_shown_at,
            removed_at=row.removed_at,
            start=numbers[state.start],
            cursor=numbers[state.cursor],
            failing_since=state.failing_since,
            disabled_at=state.disabled_at,
            vouched=row.person in readers,
        )
        for row in rows
        for state in [states[row.id]]
    ]


def deliveries(webhook: UUID) -> QuerySet[Delivery]:
    """What was sent to a webhook, newest first, for a month."""
    return Delivery.objects.filter(webhook=webhook)


def told() -> list[Webhook]:
    """Webhooks that are told of events: on, and whoever asked for them may still read the ledger."""
    rows = _switched_on()
    readers = _readers(rows)
    return [row for row in rows if row.person in readers]


def held_back() -> list[Webhook]:
    """Webhooks that are on and told nothing, because whoever asked for them may no longer read the ledger."""
    rows = _switched_on()
    readers = _readers(rows)
    return [row for row in rows if row.person not in readers]


def _switched_on() -> QuerySet[Webhook]:
    off = WebhookState.objects.exclude(disabled_at=None).values("webhook")
    return Webhook.objects.filter(removed_at=None).exclude(id__in=off).order_by("id")


def _readers(rows: Iterable[Webhook]) -> frozenset[UUID]:
    """Of those who asked for the webhooks, who may read the ledger by some open login."""
    persons = {row.person for row in rows if row.person is not None}
    return frozenset(person for person in persons if Perm.SEE_LEDGER in rights_of(person))


def gave_up() -> QuerySet[WebhookState]:
    """Webhooks that were switched off by their failures, and that nobody has removed since."""
    off = WebhookState.objects.exclude(disabled_at=None).exclude(failing_since=None)
    return off.filter(webhook__in=Webhook.objects.filter(removed_at=None).values("id"))
