"""Who is told of events by webhook: on the webhook's own stream."""

from dataclasses import dataclass

from brokerage.ledger.registry import Audience, event


@event("http.webhook-added", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAdded:
    """Events of these kinds are sent to this address from now on."""

    url: str
    kinds: tuple[str, ...]


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
