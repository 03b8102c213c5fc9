"""Webhooks are added, tested, replayed and removed."""

import base64
import secrets
from collections.abc import Sequence
from uuid import UUID

from brokerage.access import envelope
from brokerage.ledger import feed, registry, seams
from brokerage.ledger.commands import Entry, command
from brokerage.ledger.known import known_at
from brokerage.ledger.refusal import Refused
from brokerage.ledger.registry import Audience

from . import outward
from .events import WebhookAdded, WebhookRemoved, WebhookReplayed, WebhookTested
from .models import Delivery, Webhook, WebhookState

PURPOSE = "webhook"
SENDABLE = frozenset({Audience.CLIENT, Audience.STAFF})
"""Audiences whose events may leave by webhook: restricted ones never do, whoever asks."""
TEST = "test"


class UnknownWebhook(Refused):
    """There is no such webhook, or it was removed."""

    code = "http.unknown-webhook"


class NotSendable(Refused):
    """A kind of event that does not exist, or that is never sent."""

    code = "http.not-sendable"


@command("http.add-webhook")
def add_webhook(entry: Entry, *, url: str, kinds: Sequence[str]) -> UUID:
    """Tell an address of these kinds of event from now on; returns the webhook. BadAddress, NotSendable."""
    webhook = seams.new_id()
    entry.lock(webhook)
    outward.checked(url)
    known = registry.kinds()
    wrong = [kind for kind in kinds if kind not in known or known[kind].audience not in SENDABLE]
    if wrong or not kinds:
        raise NotSendable("Name kinds of event as event-kinds lists them.")
    secret = envelope.seal(PURPOSE, secrets.token_bytes(32))
    WebhookState.objects.create(webhook=webhook, secret=secret, cursor=feed.head())
    entry.record(webhook, WebhookAdded(url=url, kinds=tuple(sorted(set(kinds)))))
    return webhook


@command("http.remove-webhook")
def remove_webhook(entry: Entry, *, webhook: UUID) -> None:
    """Tell it nothing any more; what was not sent is forgotten. Raises UnknownWebhook."""
    _locked(entry, webhook)
    Delivery.objects.filter(webhook=webhook, state="new").update(state="failed", answer="removed")
    entry.record(webhook, WebhookRemoved())


@command("http.test-webhook")
def test_webhook(entry: Entry, *, webhook: UUID) -> None:
    """Send it a test message soon. Raises UnknownWebhook."""
    _locked(entry, webhook)
    now = seams.now()
    Delivery.objects.create(
        id=seams.new_id(), webhook=webhook, event=str(entry.id), kind=TEST, next_at=now, made_at=now
    )
    entry.record(webhook, WebhookTested())


@command("http.replay-webhook")
def replay_webhook(entry: Entry, *, webhook: UUID, after: int) -> None:
    """Send everything after a sealed position again, and switch it on. UnknownWebhook, UnknownPosition."""
    _locked(entry, webhook)
    known_at(after)
    WebhookState.objects.filter(webhook=webhook).update(cursor=after, disabled_at=None, failing_since=None)
    entry.record(webhook, WebhookReplayed(after=after))


def secret_of(webhook: UUID) -> str:
    """What the receiver checks signatures with, as Standard Webhooks writes it."""
    sealed = WebhookState.objects.get(webhook=webhook).secret
    return "whsec_" + base64.b64encode(envelope.unseal(PURPOSE, bytes(sealed))).decode()


def _locked(entry: Entry, webhook: UUID) -> None:
    entry.lock(webhook)
    if not Webhook.objects.filter(pk=webhook, removed_at=None).exists():
        raise UnknownWebhook("There is no such webhook.", webhook=webhook)
