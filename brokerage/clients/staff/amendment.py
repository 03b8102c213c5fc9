"""The desk has who is behind a client changed: it says which signer fills the application in."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _

from brokerage.access.rules import Perm, Principal
from brokerage.http.asking import ask
from brokerage.http.gate import allow
from brokerage.http.principal import principal
from brokerage.ledger import seams
from brokerage.ledger.commands import Receipt

from .. import commands, queries, vault
from ..forms import Amend
from ..rules.person import Why
from ..rules.status import ClientType
from .acting import found


@allow(Perm.MAKE_CLIENTS)
def amend(request: HttpRequest, client: UUID) -> HttpResponse:
    """Begin to change who is behind a client, for one who signs for it to fill in on the portal."""
    asker = principal(request)
    if not asker.covers(client):
        raise Http404
    row = found(queries.client, client)
    form = Amend(request.POST or None, initial={"signatures": queries.mandate(client).signatures})
    form.fields["applicant"] = forms.TypedChoiceField(
        label=_("Who fills it in"), coerce=UUID, choices=_signers(asker, client)
    )
    if request.method == "POST" and form.is_valid():
        asked = {"form": ClientType(row.type), "amends": client} | form.cleaned_data
        answer = ask(request, commands.start_application, **asked)
        if isinstance(answer, Receipt):
            return redirect("onboarding-application", answer.value)
    shown = {"client": row, "form": form, "key": seams.new_id()}
    return render(request, "staff/clients/amend.html", shown)


def _signers(asker: Principal, client: UUID) -> list[tuple[str, str]]:
    """Who may have the client amended, by name to whoever may see it."""
    known = filter(None, map(queries.person_if_known, sorted(queries.amenders(client).people)))
    if not asker.may(Perm.SEE_PERSONAL):
        return [(str(each.id), str(each.id)) for each in known]
    return [(str(each.id), " ".join(vault.read(asker, each.version, Why.CLIENT).names)) for each in known]


urlpatterns = [path("clients/<uuid:client>/amend/", amend, name="client-amend")]
