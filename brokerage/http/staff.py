"""Webhooks at the desk: which there are, whether they are taken, and what to do about one that is not."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from brokerage.access.rules import Perm
from brokerage.access.step_up import fresh_mfa
from brokerage.ledger import seams
from brokerage.ledger.commands import Receipt

from . import commands, queries
from .asking import ask, tell_mistakes
from .forms import NewWebhook, Replay
from .gate import allow
from .listing import page_of
from .principal import principal


@allow(Perm.SEE_JOBS)
def webhooks(request: HttpRequest) -> HttpResponse:
    """Every webhook with its state, newest first, and a form to propose another."""
    page = page_of(request, queries.webhooks())
    page.object_list = queries.shown(list(page.object_list))
    form = NewWebhook() if principal(request).may(Perm.MAKE_WEBHOOKS) else None
    shown = {"page": page, "form": form, "key": seams.new_id()}
    return render(request, "staff/webhooks/list.html", shown)


@allow(Perm.MAKE_WEBHOOKS)
@fresh_mfa()
@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    """Propose that an address is told of events."""
    form = NewWebhook(request.POST)
    if form.is_valid():
        ask(request, commands.add_webhook, **form.cleaned_data)
    else:
        tell_mistakes(request, form)
    return redirect("webhooks")


@allow(Perm.SEE_JOBS)
def webhook(request: HttpRequest, webhook: UUID) -> HttpResponse:
    """One webhook: how it is, what was sent to it last, and what may be done."""
    found, asker = queries.webhook(webhook), principal(request)
    if found is None:
        raise Http404
    shown = {
        "webhook": found,
        "page": page_of(request, queries.deliveries(webhook)),
        "acts": asker.may(Perm.MAKE_WEBHOOKS) and found.removed_at is None,
        "mine": found.person == asker.person and found.secret_shown_at is None,
        "form": Replay(initial={"after": found.cursor}),
        "key": seams.new_id(),
    }
    return render(request, "staff/webhooks/detail.html", shown)


def _replayed(request: HttpRequest, webhook: UUID) -> None:
    form = Replay(request.POST)
    if form.is_valid():
        ask(request, commands.replay_webhook, webhook=webhook, **form.cleaned_data)
    else:
        tell_mistakes(request, form)


_ACTS: dict[str, Callable[[HttpRequest, UUID], Any]] = {
    "on": lambda request, webhook: ask(request, commands.switch_webhook, webhook=webhook, on=True),
    "off": lambda request, webhook: ask(request, commands.switch_webhook, webhook=webhook, on=False),
    "test": lambda request, webhook: ask(request, commands.test_webhook, webhook=webhook),
    "remove": lambda request, webhook: ask(request, commands.remove_webhook, webhook=webhook),
    "replay": _replayed,
}


@allow(Perm.MAKE_WEBHOOKS)
@require_POST
def change(request: HttpRequest, webhook: UUID) -> HttpResponse:
    """Switch it on or off, test it, send again what it was sent, or remove it."""
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise BadRequest(_("There is no such choice."))
    act(request, webhook)
    return redirect("webhook", webhook)


@allow(Perm.MAKE_WEBHOOKS)
@fresh_mfa()
@require_POST
def secret(request: HttpRequest, webhook: UUID) -> HttpResponse:
    """Show what signatures are checked with, once, to the person who asked for the webhook."""
    answer = ask(request, commands.show_secret, webhook=webhook)
    if not isinstance(answer, Receipt) or answer.replayed:
        return redirect("webhook", webhook)
    shown = {"webhook": queries.webhook(webhook), "text": commands.secret_of(webhook)}
    return render(request, "staff/webhooks/secret.html", shown)


urlpatterns = [
    path("webhooks/", webhooks, name="webhooks"),
    path("webhooks/new/", propose, name="webhook-new"),
    path("webhooks/<uuid:webhook>/", webhook, name="webhook"),
    path("webhooks/<uuid:webhook>/change/", change, name="webhook-change"),
    path("webhooks/<uuid:webhook>/secret/", secret, name="webhook-secret"),
]
