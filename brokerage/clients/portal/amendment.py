"""A client changes who is behind it: the page that begins it; the pages of an application do the rest."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from brokerage.http.gate import allow_client
from brokerage.http.principal import context, principal
from brokerage.ledger.refusal import Refused

from .. import commands, forms, queries
from ..rules.status import ClientType


@allow_client
def amend(request: HttpRequest, client: UUID) -> HttpResponse:
    """Begin to change who holds, runs, owns or signs for a client that the asker signs for."""
    asker = principal(request)
    if not asker.covers(client):
        raise Http404
    row = queries.client(client)
    form = forms.Amend(request.POST or None, initial={"signatures": queries.mandate(client).signatures})
    if request.method == "POST" and form.is_valid():
        try:
            made = commands.start_application(
                context(asker),
                applicant=asker.person,
                form=ClientType(row.type),
                amends=client,
                **form.cleaned_data,
            )
            return redirect("portal-application", made.value)
        except Refused as refusal:
            form.add_error(None, refusal.message)
    return render(request, "portal/clients/amend.html", {"client": row, "form": form})


urlpatterns = [path("clients/<uuid:client>/amend/", amend, name="portal-amend")]
