"""Who is told of events by webhook: on the webhook's own stream."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brokerage.ledger.registry import Audience, event


@event("http.webhook-added", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAdded:
    """Events of these kinds are sent to this address from now on.

    `person` asked for it and may have its secret, once; nobody may of one from before that was noted. Two
    people agreed to send what comes after `start`, as the messages count; None from before that was noted.
    """

    url: str
    kinds: tuple[str, ...]
    person: UUID | None = None
    start: int | None = None


@event("http.webhook-secret-shown", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSecretShown:
    """Whoever asked for the webhook was shown its secret; it is never shown again."""


@event("http.webhook-switched", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSwitched:
    """A person switched it on, after which it goes on where it stopped, or off."""

    on: bool


@event("http.webhook-gave-up", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookGaveUp:
    """It was switched off by itself: none of its messages was taken since then, or its receiver is gone."""

    since: datetime


@event("http.webhook-removed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRemoved:
    """Nothing is sent there any more."""


@event("http.webhook-tested", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTested:
    """A test message was asked for."""


@event("http.webhook-replayed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReplayed:
    """Everything after a position is sent again; a webhook that was switched off is on again."""

    after: int
