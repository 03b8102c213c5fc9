"""Webhooks are added, tested, switched, replayed and removed."""

import base64
import secrets
from collections.abc import Sequence
from uuid import UUID

from brokerage.access import envelope
from brokerage.access.queries import rights_of
from brokerage.access.rules import NotEntitled, Perm, checked_person
from brokerage.ledger import feed, numbering, registry, seams
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused
from brokerage.ledger.registry import Audience

from . import outward
from .events import (
    WebhookAdded,
    WebhookGaveUp,
    WebhookRemoved,
    WebhookReplayed,
    WebhookSecretShown,
    WebhookSwitched,
    WebhookTested,
)
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


class NotYourWebhook(Refused):
    """The secret would be shown to another person than the one who asked for the webhook."""

    code = "http.not-your-webhook"


class AheadOfWebhook(Refused):
    """What lies before the position was not sent yet, and would be left out."""

    code = "http.ahead-of-webhook"


class SecretShown(Refused):
    """The secret was shown before."""

    code = "http.secret-shown"


@command("http.add-webhook")
def add_webhook(entry: Entry, *, url: str, kinds: Sequence[str]) -> UUID:
    """Tell an address of these kinds of event from now on, by two people; returns the webhook.

    Whoever asks must be able to read the ledger as well, and has the secret afterwards by `show_secret`.
    Raises NotEntitled, BadAddress, NotSendable or SecondPersonNeeded.
    """
    person = checked_person(entry.context.maker)
    if Perm.SEE_LEDGER not in rights_of(person):
        raise NotEntitled(
            "Who has events sent elsewhere must be able to read them.", permission=Perm.SEE_LEDGER
        )
    webhook = seams.new_id()
    entry.lock(webhook)
    outward.checked(url)
    if not kinds or set(kinds) - set(sendable()):
        raise NotSendable("Name kinds of event as event-kinds lists them.")
    entry.second_person(Perm.APPROVE_WEBHOOKS)
    secret = envelope.seal(PURPOSE, secrets.token_bytes(32))
    head = feed.head()
    WebhookState.objects.create(webhook=webhook, secret=secret, start=head, cursor=head)
    told = tuple(sorted(set(kinds)))
    entry.record(webhook, WebhookAdded(url=url, kinds=told, person=person, start=numbering.number(head)))
    return webhook


def sendable() -> list[str]:
    """The kinds of event that a webhook may be told of, by name."""
    return list(registry.open_to(SENDABLE))


@command("http.show-webhook-secret")
def show_secret(entry: Entry, *, webhook: UUID) -> None:
    """Note that the secret is shown, to whoever asked for the webhook and once.

    The edge shows it by `secret_of`, and never for a key that comes again. Raises UnknownWebhook,
    NotYourWebhook or SecretShown.
    """
    row = _locked(entry, webhook)
    if row.person != checked_person(entry.context.maker):
        raise NotYourWebhook("Only whoever asked for a webhook is shown its secret.")
    if row.secret_shown_at is not None:
        raise SecretShown("The secret was shown before; if it is lost, remove this webhook and add another.")
    entry.record(webhook, WebhookSecretShown())


@command("http.switch-webhook")
def switch_webhook(entry: Entry, *, webhook: UUID, on: bool) -> None:
    """Stop sending within two minutes, or go on where it stopped. Raises UnknownWebhook or NothingToDo."""
    state = _state(entry, webhook)
    if on is (state.disabled_at is None):
        raise NothingToDo("The webhook is on already." if on else "The webhook is off already.")
    state.disabled_at, state.failing_since = None if on else entry.effective_at, None
    state.save(update_fields=["disabled_at", "failing_since"])
    entry.record(webhook, WebhookSwitched(on=on))


@command("http.give-up-webhook")
def give_up_webhook(entry: Entry, *, webhook: UUID) -> None:
    """Switch off a webhook that fails. Raises UnknownWebhook or NothingToDo."""
    state = _state(entry, webhook)
    if state.disabled_at or not state.failing_since:
        raise NothingToDo("The webhook is off already, or was taken again.")
    state.disabled_at = entry.effective_at
    state.save(update_fields=["disabled_at"])
    entry.record(webhook, WebhookGaveUp(since=state.failing_since))


@command("http.remove-webhook")
def remove_webhook(entry: Entry, *, webhook: UUID) -> None:
    """Tell it nothing any more; what was not sent is forgotten. Raises UnknownWebhook."""
    _state(entry, webhook)
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
    """Send everything after a sealed position again, and switch it on; before its start by two people.

    Webhooks carry nothing restricted: the position is one as their messages count. Raises UnknownWebhook,
    UnknownPosition, AheadOfWebhook, or SecondPersonNeeded for what two people never agreed to send there.
    """
    state = _state(entry, webhook)
    cursor = numbering.position(after)
    if cursor > state.cursor:
        raise AheadOfWebhook(
            "The webhook has not come that far; name a position that it was sent.", position=after
        )
    if cursor < state.start:
        entry.second_person(Perm.APPROVE_WEBHOOKS)
    state.start, state.cursor = min(state.start, cursor), cursor
    state.disabled_at = state.failing_since = None
    state.save(update_fields=["start", "cursor", "disabled_at", "failing_since"])
    entry.record(webhook, WebhookReplayed(after=after))


def secret_of(webhook: UUID) -> str:
    """What the receiver checks signatures with, as Standard Webhooks writes it."""
    sealed = WebhookState.objects.get(webhook=webhook).secret
    return "whsec_" + base64.b64encode(envelope.unseal(PURPOSE, bytes(sealed))).decode()


def _locked(entry: Entry, webhook: UUID) -> Webhook:
    entry.lock(webhook)
    row = Webhook.objects.filter(pk=webhook, removed_at=None).first()
    if row is None:
        raise UnknownWebhook("There is no such webhook.", webhook=webhook)
    return row


def _state(entry: Entry, webhook: UUID) -> WebhookState:
    """How far the webhook has come, locked: nothing is gathered for it meanwhile."""
    _locked(entry, webhook)
    return WebhookState.objects.select_for_update().get(webhook=webhook)
