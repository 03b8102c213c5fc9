"""REST routes of webhooks: who is told, what was sent, and sending it again."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from brokerage.access.rules import Perm
from brokerage.ledger import numbering

from . import commands, queries, rest
from .models import Delivery, Webhook
from .queries import Shown


class WebhookOut(rest.Out):
    """A webhook for what comes after `start`; after days of failures it is switched off.

    How far it has come and what it was answered stands with its deliveries.
    """

    id = rest.Id()
    url = rest.Text()
    kinds = serializers.ListField(child=serializers.CharField())
    person = rest.Id(allow_null=True)
    added_at = rest.Instant()
    secret_shown_at = rest.Instant(allow_null=True)
    removed_at = rest.Instant(allow_null=True)
    start = rest.Whole(max_value=2**62)
    disabled_at = rest.Instant(allow_null=True)


class WebhookSecretOut(WebhookOut):
    """A webhook with the secret its messages are signed with (Standard Webhooks); null when asked again."""

    secret = serializers.CharField(allow_null=True)


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


class Webhooks(rest.ListView):
    """Webhooks, newest first, removed ones included."""

    permission, item = Perm.MAKE_WEBHOOKS, WebhookOut
    order = ("-added_at", "-id")

    def rows(self) -> QuerySet[Webhook]:
        """All of them: they are the firm's."""
        return queries.webhooks()

    def dressed(self, page: list[Any]) -> list[Any]:
        """With how far each has come."""
        return queries.shown(page)


class _Webhook(rest.RestView):
    permission = Perm.MAKE_WEBHOOKS
    item: ClassVar[type[rest.Out]] = WebhookOut

    def find(self, webhook: UUID) -> Shown:
        """The webhook."""
        found = queries.webhook(webhook)
        if found is None:
            raise Http404
        return found


class WebhookDetail(_Webhook, rest.DetailView):
    """One webhook."""


class WebhookAdd(rest.CommandView):
    """Have events of some kinds sent to an https address, once another person has approved.

    Whoever asked then finds the webhook in the list, and fetches what signatures are checked with by
    `secret`.
    """

    permission, item, creates, fresh = Perm.MAKE_WEBHOOKS, WebhookOut, True, True
    command = commands.add_webhook

    class Inputs(rest.Inputs):
        """Where to, and what of."""

        url = rest.Text(max_length=500)
        kinds = serializers.ListField(child=rest.Text(max_length=100), min_length=1, max_length=200)

    inputs = Inputs

    def state(self, value: Any) -> Shown | None:
        """The new webhook."""
        return queries.webhook(value)


class WebhookSecret(_Webhook, rest.CommandView):
    """Show the secret that signatures are checked with, to whoever asked for the webhook, once.

    It is in the first answer only: the same key again gets the same answer with null in its place.
    """

    item, fresh = WebhookSecretOut, True
    command = commands.show_secret

    def post(self, request: Request, **path: Any) -> HttpResponseBase:
        """The answer that is kept holds no secret; the first that is given does."""
        answer = super().post(request, **path)
        if isinstance(answer, Response) and "Idempotency-Replayed" not in answer.headers:
            answer.data["data"]["secret"] = commands.secret_of(self.kwargs["webhook"])
        return answer


class WebhookSwitch(_Webhook, rest.CommandView):
    """Stop sending, within two minutes; or send again, and go on where it stopped."""

    command = commands.switch_webhook

    class Inputs(rest.Inputs):
        """Which way."""

        on = rest.Flag()

    inputs = Inputs


class WebhookRemove(_Webhook, rest.CommandView):
    """Tell it nothing any more."""

    command = commands.remove_webhook


class WebhookTest(_Webhook, rest.CommandView):
    """Send a test message soon; deliveries tell how it went."""

    command = commands.test_webhook


class WebhookReplay(_Webhook, rest.CommandView):
    """Send everything after a position again, and switch the webhook on.

    Messages keep their ids, so a receiver that remembers them takes nothing twice. What lies before the
    webhook's `start` another person must approve; a position it has not come to is refused.
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
        return queries.deliveries(self.kwargs["webhook"])

    def dressed(self, page: list[Any]) -> list[Any]:
        """With the positions as the messages tell them."""
        told = numbering.numbers(each.position for each in page if each.position is not None)
        for each in page:
            each.position = told.get(each.position)
        return page


urlpatterns = [
    path("webhooks", Webhooks.as_view(), name="api-webhooks"),
    path("webhooks/add", WebhookAdd.as_view(), name="api-webhook-add"),
    path("webhooks/<uuid:webhook>", WebhookDetail.as_view(), name="api-webhook"),
    path("webhooks/<uuid:webhook>/remove", WebhookRemove.as_view(), name="api-webhook-remove"),
    path("webhooks/<uuid:webhook>/secret", WebhookSecret.as_view(), name="api-webhook-secret"),
    path("webhooks/<uuid:webhook>/switch", WebhookSwitch.as_view(), name="api-webhook-switch"),
    path("webhooks/<uuid:webhook>/test", WebhookTest.as_view(), name="api-webhook-test"),
    path("webhooks/<uuid:webhook>/replay", WebhookReplay.as_view(), name="api-webhook-replay"),
    path("webhooks/<uuid:webhook>/deliveries", Deliveries.as_view(), name="api-deliveries"),
]
