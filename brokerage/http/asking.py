"""A form on a desk page that asks for a command: submitted once, and answered in words on the next page."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from brokerage.access.commands import Proposed, submit
from brokerage.ledger.commands import Command, Receipt
from brokerage.ledger.refusal import Refused

from .principal import context, key_of, principal


def ask(request: HttpRequest, command: Command[..., Any], /, **inputs: Any) -> Receipt[Any] | Proposed | None:
    """Give a command for whoever asks, or propose it; None once it is refused. The next page says which.

    A form that carries a `key` is done once however often it is sent; raises BadRequest for what is none.
    """
    asked = context(principal(request), key_of(request))
    try:
        answer = submit(asked, command, **inputs)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return None
    if isinstance(answer, Proposed):
        link = reverse("approval", args=[answer.proposal])
        words = _("Proposed; another person must approve it.")
        messages.info(request, format_html('{} <a href="{}">{}</a>', words, link, _("See the proposal")))
    else:
        messages.success(request, _("Done."))
    return answer


def tell_mistakes(request: HttpRequest, form: forms.Form) -> None:
    """Say on the next page what is wrong with what was filled in."""
    for name, errors in form.errors.items():
        label = form.fields[name].label or name.replace("_", " ") if name in form.fields else ""
        for error in errors:
            messages.error(request, f"{label}: {error}" if label else str(error))
