"""REST routes of webhooks: who is told, what was sent, and sending it again."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from rest_framework import serializers

from brokerage.access.rules import Perm

from . import commands, rest
from .models import Delivery, Webhook, WebhookState


class WebhookOut(rest.Out):
    """A webhook; while it fails `failing_since` says since when, after days it is switched off."""

    id = rest.Id()
    url = rest.Text()
    kinds = serializers.ListField(child=serializers.CharField())
    added_at = rest.Instant()
    removed_at = rest.Instant(allow_null=True)
    cursor = rest.Whole(max_value=2**62)
    failing_since = rest.Instant(allow_null=True)
    disabled_at = rest.Instant(allow_null=True)


class NewWebhookOut(WebhookOut):
    """A webhook with the secret its messages are signed with (Standard Webhooks); shown this once."""

    secret = serializers.CharField()


class DeliveryOut(rest.Out):
    """One message and what became of it."""

    id = rest.Id()
    event = rest.Text()
    kind = rest.Text()
    position = rest.Whole(allow_null=True, max_value=2**62)
    state = rest.Text()
    attempts = rest.Whole()
    answer = rest.Text()
    made_at = rest.Instant()
    next_at = rest.Instant()
    sent_at = rest.Instant(allow_null=True)


def dressed(rows: list[Webhook]) -> list[Webhook]:
    """The webhooks with how far each has come, read for all of them at once."""
    states = WebhookState.objects.in_bulk([row.id for row in rows])
    for row in rows:
        for name in ("cursor", "failing_since", "disabled_at"):
            setattr(row, name, getattr(states[row.id], name))
    return rows


class Webhooks(rest.ListView):
    """Webhooks, newest first, removed ones included."""

    permission, item = Perm.MAKE_WEBHOOKS, WebhookOut
    order = ("-added_at", "-id")

    def rows(self) -> QuerySet[Webhook]:
        """All of them: they are the firm's."""
        return Webhook.objects.all()

    def dressed(self, page: list[Any]) -> list[Any]:
        """With how far each has come."""
        return dressed(page)


class _Webhook(rest.RestView):
    permission = Perm.MAKE_WEBHOOKS
    item: ClassVar[type[rest.Out]] = WebhookOut

    def find(self, webhook: UUID) -> Webhook:
        """The webhook."""
        found = Webhook.objects.filter(pk=webhook).first()
        if found is None:
            raise Http404
        return dressed([found])[0]


class WebhookDetail(_Webhook, rest.DetailView):
    """One webhook."""


class WebhookAdd(rest.CommandView):
    """Have events of some kinds sent to an https address from now on.

    The answer holds the secret that signatures are checked with; nothing else shows it again.
    """

    permission, item, creates = Perm.MAKE_WEBHOOKS, NewWebhookOut, True
    command = commands.add_webhook

    class Inputs(rest.Inputs):
        """Where to, and what of."""

        url = rest.Text(max_length=500)
        kinds = serializers.ListField(child=rest.Text(max_length=100), min_length=1, max_length=200)

    inputs = Inputs

    def entitled(self) -> bool:
        """Whether the asker may also read the events that would be sent."""
        return super().entitled() and self.asker.may(Perm.SEE_LEDGER)

    def state(self, value: Any) -> Webhook:
        """The new webhook and its secret."""
        row = dressed([Webhook.objects.get(pk=value)])[0]
        row.secret = commands.secret_of(row.id)  # type: ignore[attr-defined]
        return row


class WebhookRemove(_Webhook, rest.CommandView):
    """Tell it nothing any more."""

    command = commands.remove_webhook


class WebhookTest(_Webhook, rest.CommandView):
    """Send a test message soon; deliveries tell how it went."""

    command = commands.test_webhook


class WebhookReplay(_Webhook, rest.CommandView):
    """Send everything after a position again, and switch the webhook on.

    Messages keep their ids, so a receiver that remembers them takes nothing twice.
    """

    command = commands.replay_webhook

    class Inputs(rest.Inputs):
        """From where on."""

        after = rest.Whole(max_value=2**62)

    inputs = Inputs


class Deliveries(_Webhook, rest.ListView):
    """What was sent to a webhook, newest first, for a month."""

    item = DeliveryOut
    order = ("-made_at", "-id")

    def rows(self) -> QuerySet[Delivery]:
        """The webhook's messages."""
        return Delivery.objects.filter(webhook=self.kwargs["webhook"])


urlpatterns = [
    path("webhooks", Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/add", WebhookAdd.as_view(), name="api-webhook-add"),
    path("webhooks/<uuid:webhook>", WebhookDetail.as_view(), name="api-webhook"),
    path("webhooks/<uuid:webhook>/remove", WebhookRemove.as_view(), name="api-webhook-remove"),
    path("webhooks/<uuid:webhook>/test", WebhookTest.as_view(), name="api-webhook-test"),
    path("webhooks/<uuid:webhook>/replay", WebhookReplay.as_view(), name="api-webhook-replay"),
    path("webhooks/<uuid:webhook>/deliveries", Deliveries.as_view(), name="api-deliveries"),
]
