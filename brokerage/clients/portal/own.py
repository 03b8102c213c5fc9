"""What a client looks after by itself: what the firm holds of it, standing authorities, complaints."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from brokerage.access.step_up import fresh_mfa
from brokerage.http.asking import ask, tell_mistakes
from brokerage.http.gate import allow_client
from brokerage.http.principal import principal
from brokerage.ledger import seams
from brokerage.ledger.refusal import Refused

from .. import queries, sealed, vault
from ..commands import standing_authorities as commands
from ..commands.complaints import receive_complaint
from ..models import Complaint, StandingAuthority
from ..queries import complaints as register
from ..queries import standing_authorities as authorities
from ..rules.complaints import Channel
from ..rules.person import Why
from ..watch_forms import OwnAuthority, OwnComplaint, Renewal


@allow_client
def standing(request: HttpRequest) -> HttpResponse:
    """The standing authorities of the clients one acts for, each with its end and how to end it sooner."""
    asker = principal(request)
    rows = authorities.standing_authorities(asker.clients).annotate(**queries.named("client"))
    context = {
        "rows": rows.order_by("-ends"),
        "form": _for_client(asker.clients, OwnAuthority()),
        "renewal": Renewal(auto_id="renewal-%s"),
        "key": seams.new_id(),
    }
    return render(request, "portal/clients/authorities.html", context)


@allow_client
@fresh_mfa()
@require_POST
def give(request: HttpRequest) -> HttpResponse:
    """Give a standing authority: the client's own act, in writing."""
    form = _for_client(principal(request).clients, OwnAuthority(request.POST))
    if form.is_valid():
        ask(request, commands.give_standing_authority, **form.cleaned_data)
    else:
        tell_mistakes(request, form)
    return redirect("portal-authorities")


@allow_client
@fresh_mfa()
@require_POST
def decide(request: HttpRequest, authority: UUID) -> HttpResponse:
    """Revoke an authority, object to its renewal, or renew it."""
    _own(request, authority)
    act = request.POST.get("act")
    if act == "revoke":
        ask(request, commands.revoke_standing_authority, authority=authority)
    elif act == "object":
        ask(request, commands.object_to_renewal, authority=authority)
    else:
        form = Renewal(request.POST)
        if form.is_valid():
            ask(request, commands.renew_standing_authority, authority=authority, **form.cleaned_data)
        else:
            tell_mistakes(request, form)
    return redirect("portal-authorities")


def _own(request: HttpRequest, authority: UUID) -> StandingAuthority:
    """The authority, if it is of a client one acts for; Http404 otherwise."""
    try:
        found = authorities.standing_authority(authority)
    except Refused as unknown:
        raise Http404 from unknown
    if not principal(request).covers(found.client):
        raise Http404
    return found


@allow_client
def complaints(request: HttpRequest) -> HttpResponse:
    """One's complaints with their answers, and a form for another."""
    asker = principal(request)
    context = {
        "rows": [_readable(row) for row in register.complaints(asker.clients).order_by("-received", "id")],
        "form": _for_client(asker.clients, OwnComplaint()),
        "key": seams.new_id(),
    }
    return render(request, "portal/clients/complaints.html", context)


def _readable(row: Complaint) -> tuple[Complaint, str, str]:
    answer = sealed.text(row.id, row.answer) if row.answer else ""
    return row, sealed.text(row.id, row.text), answer


@allow_client
@require_POST
def complain(request: HttpRequest) -> HttpResponse:
    """Make a complaint."""
    form = _for_client(principal(request).clients, OwnComplaint(request.POST))
    if form.is_valid():
        if ask(request, receive_complaint, channel=Channel.PORTAL, **form.cleaned_data):
            messages.info(request, _("We acknowledge it within 7 days and answer within 60."))
    else:
        tell_mistakes(request, form)
    return redirect("portal-complaints")


def _for_client(scope: Any, form: forms.Form) -> forms.Form:
    """The form with a choice among the clients one acts for; another's id is no choice of it."""
    rows = queries.in_scope(scope)
    form.fields["client"] = forms.TypedChoiceField(
        label=_("For"),
        coerce=UUID,
        choices=[(str(each.id), getattr(each, "name", None) or each.reference) for each in rows],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    return form


@allow_client
def profile(request: HttpRequest) -> HttpResponse:
    """What the firm holds of the asker, and who read it when and why."""
    asker = principal(request)
    known, tax = queries.person_if_known(asker.person), queries.tax_status(asker.person)
    certificate = vault.read(asker, tax.record, Why.OWN) if known and tax and tax.record else None
    shown = {
        "details": vault.read(asker, known.version, Why.OWN) if known else None,
        "papers": queries.documents(asker.person),
        "certificate": certificate,
        "readings": queries.readings_told(asker.person)[:50],
    }
    return render(request, "portal/clients/profile.html", shown)


urlpatterns = [
    path("profile/", profile, name="portal-profile"),
    path("authorities/", standing, name="portal-authorities"),
    path("authorities/give/", give, name="portal-authority-give"),
    path("authorities/<uuid:authority>/", decide, name="portal-authority"),
    path("complaints/", complaints, name="portal-complaints"),
    path("complaints/new/", complain, name="portal-complain"),
]
