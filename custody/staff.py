"""The desk's pages of custody: closing a client that leaves nothing behind."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from brokerage.access.rules import Perm
from brokerage.clients import queries as clients
from brokerage.clients.rules.status import UnknownClient
from brokerage.http.asking import ask
from brokerage.http.gate import allow
from brokerage.http.principal import principal
from brokerage.ledger import seams

from . import commands, queries


class Close(forms.Form):
    """Why a client is closed."""

    reason = forms.CharField(
        label=_("Reason: a code or case number in capital letters and digits"), max_length=32
    )


@allow(Perm.MAKE_STATUSES)
def close(request: HttpRequest, client: UUID) -> HttpResponse:
    """Close a client for good, by two people; its accounts stand here, and each is closed before."""
    if not principal(request).covers(client):
        raise Http404
    try:
        row = clients.client(client)
    except UnknownClient as unknown:
        raise Http404 from unknown
    form = Close(request.POST or None)
    if form.is_valid() and ask(request, commands.close_client, client=client, **form.cleaned_data):
        return redirect("client", client)
    shown = {"client": row, "accounts": queries.accounts_of(client), "form": form, "key": seams.new_id()}
    return render(request, "staff/custody/close.html", shown)


urlpatterns = [path("clients/<uuid:client>/close/", close, name="client-close")]
