"""What the desk enters from papers: the new details of somebody on record, and a signed tax certificate."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from brokerage.access.rules import Perm
from brokerage.http.asking import ask
from brokerage.http.gate import allow
from brokerage.http.principal import principal
from brokerage.ledger import seams
from brokerage.ledger.refusal import Refused
from brokerage.market.rules.calendars import hong_kong_date

from .. import commands, queries, vault
from ..forms import Body, Human
from ..person_forms import SignedPaper
from ..rules.person import Entity, Individual, PersonKind, Why
from ..rules.tax import doubts
from .acting import found

ENTERED: dict[PersonKind, tuple[vault.Kind, Any]] = {
    PersonKind.INDIVIDUAL: (vault.Kind.INDIVIDUAL, Human),
    PersonKind.ENTITY: (vault.Kind.ENTITY, Body),
}


@allow(Perm.MAKE_CLIENTS)
def correct(request: HttpRequest, person: UUID) -> HttpResponse:
    """Record somebody's details anew; screening, identity and tax certificate are asked for again by that."""
    row = found(queries.person, person)
    kind, entered = ENTERED[PersonKind(row.kind)]
    if request.method == "POST":
        form = entered(request.POST)
        if form.is_valid() and _corrected(request, form, person, kind):
            return redirect("person", person)
    else:
        form = entered(initial=_typed(vault.read(principal(request), row.version, Why.CLIENT)))
    return _page(request, person, form, _("Correct the record"), _("As the papers say. What was stays kept."))


def _corrected(request: HttpRequest, form: Any, person: UUID, kind: vault.Kind) -> bool:
    try:
        details = form.details().checked(hong_kong_date(seams.now()))
    except Refused as refusal:
        form.add_error(None, refusal.message)
        return False
    draft = vault.draft(person, kind, details)
    return bool(ask(request, commands.record_person, version=draft.id, around=vault.keeping(draft)))


def _typed(details: Individual | Entity) -> dict[str, Any]:
    """The details as the form's fields hold them."""
    seat = {"seat": details.country} if isinstance(details, Entity) else {}
    return asdict(details) | asdict(details.address) | seat


@allow(Perm.MAKE_CLIENTS)
def certify(request: HttpRequest, person: UUID) -> HttpResponse:
    """Enter a self-certification of tax residence that somebody signed on a paper, which was added before."""
    row = found(queries.person, person)
    form = SignedPaper(request.POST or None, papers=queries.documents(person))
    if form.is_valid() and _certified(request, form, row):
        return redirect("person", person)
    lead = _("Add the signed paper to the person first. Every country of residence, with the number there.")
    return _page(request, person, form, _("Record a tax certificate"), lead)


def _certified(request: HttpRequest, form: SignedPaper, row: Any) -> bool:
    given, is_entity = form.cleaned_data, row.kind == PersonKind.ENTITY
    try:
        signed = form.certificate(given["signed_on"])
        certificate = signed.checked(hong_kong_date(seams.now()), is_entity=is_entity)
    except Refused as refusal:
        form.add_error(None, refusal.message)
        return False
    form.ask_about(doubts(certificate, vault.read(principal(request), row.version, Why.TAX)))
    draft = vault.draft(row.id, vault.Kind.CERTIFICATE, certificate)
    inputs = {"record": draft.id, "document": given["document"]}
    return bool(ask(request, commands.certify_tax, **inputs, around=vault.keeping(draft)))


def _page(request: HttpRequest, person: UUID, form: Any, title: str, lead: str) -> HttpResponse:
    shown = {"person": person, "form": form, "title": title, "lead": lead, "key": seams.new_id()}
    return render(request, "staff/clients/enter.html", shown)


urlpatterns = [
    path("people/<uuid:person>/correct/", correct, name="person-correct"),
    path("people/<uuid:person>/certify/", certify, name="person-certify"),
]
