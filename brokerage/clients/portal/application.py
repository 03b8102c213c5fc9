"""The way into the firm for an applicant: one step a page, left and taken up again at will."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from brokerage.access.address import client_address, device
from brokerage.access.rules import Principal
from brokerage.access.step_up import fresh_mfa
from brokerage.http.gate import allow_client
from brokerage.http.principal import context, principal
from brokerage.ledger import seams
from brokerage.ledger.refusal import Refused
from brokerage.market.rules.calendars import hong_kong_date

from .. import commands, forms, queries, vault
from ..models import Application
from ..returned import in_words
from ..rules.agreements import Circumstances, required
from ..rules.application import (
    OPEN,
    Facts,
    PartyRole,
    Stage,
    State,
    UnknownApplication,
    check_draft,
)
from ..rules.stages import to_certify, to_sign, undone
from ..rules.status import ClientType
from .steps import STEPS, Asked, pages_of, parts_of, people_of


def _mine(request: HttpRequest, application: UUID) -> tuple[Principal, Application]:
    asker = principal(request)
    try:
        return asker, queries.application(application, of=asker.person)
    except UnknownApplication as unknown:
        raise Http404 from unknown


def _applied_for(request: HttpRequest, application: UUID) -> tuple[Principal, Application]:
    asker, found = _mine(request, application)
    if found.applicant != asker.person:
        raise Http404
    return asker, found


@allow_client
def apply(request: HttpRequest) -> HttpResponse:
    """The asker's applications, and the form that starts one."""
    asker = principal(request)
    form = forms.Start(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = commands.start_application(
                context(asker),
                applicant=asker.person,
                form=ClientType(given["form"]),
                signatures=given["signatures"],
                margin=given["margin"],
            )
            return redirect("portal-application", made.value)
        except Refused as refusal:
            form.add_error(None, refusal.message)
    mine = queries.applications_of(asker.person)
    return render(request, "portal/clients/apply.html", {"form": form, "applications": mine})


@allow_client
def overview(request: HttpRequest, application: UUID) -> HttpResponse:
    """Where the application stands: each page with whether it is done, and what waits for the firm.

    Who is only named in it sees what he signs himself.
    """
    asker, found = _mine(request, application)
    facts, mine = queries.facts(found), found.applicant == asker.person
    done = _done(facts) if mine else {"tax": asker.person in facts.certified}
    pages = [(slug, STEPS[slug].title, is_done) for slug, is_done in done.items()]
    shown = {
        "application": found,
        "pages": pages,
        "next": next((slug for slug, _title, is_done in pages if not is_done), None),
        "signs": mine or asker.person in facts.signers,
        "signed": Stage.AGREEMENTS not in undone(facts) if mine else asker.person not in to_sign(facts),
        "draft": found.state == State.DRAFT,
        "returned": in_words(found.reason) if mine and found.state == State.DRAFT and found.reason else "",
        "open": found.state in OPEN,
        "mine": mine,
    }
    return render(request, "portal/clients/application.html", shown)


def _done(facts: Facts) -> dict[str, bool]:
    """The pages that the applicant fills in, in order, and whether each is done."""
    done = {
        "entity": bool(facts.of(PartyRole.ENTITY)),
        "people": bool(facts.signers),
        "parts": True,
        "papers": bool(facts.people) and facts.people <= facts.documented,
        "finances": facts.finances,
        "knowledge": facts.answers,
        "tax": bool(facts.people) and to_certify(facts) <= facts.certified,
    }
    return {slug: done[slug] for slug in pages_of(facts)}


@allow_client
def step(request: HttpRequest, application: UUID, step: str) -> HttpResponse:
    """One page of the application: its form, and what was said before as far as it is no secret."""
    asker, found = _mine(request, application)
    page = pages_of(queries.facts(found)).get(step)
    if page is None or (found.applicant != asker.person and step != "tax"):
        raise Http404  # who is only named in it certifies the own tax residence, and no more
    form = page.form(request.POST or None, request.FILES or None, **page.offer(asker, found))
    if request.method == "POST" and form.is_valid():
        try:
            if page.in_draft:
                check_draft(State(found.state))
            page.act(Asked(asker, found, form, hong_kong_date(seams.now())))
            messages.success(request, _("Kept."))
            return redirect("portal-application", application)
        except Refused as refusal:
            form.add_error(None, refusal.message)
    shown = {
        "application": found,
        "page": page,
        "form": form,
        "parts": parts_of(people_of(asker, application), application),
        "removes": step in ("entity", "people", "parts") and found.state == State.DRAFT,
    }
    return render(request, "portal/clients/step.html", shown)


@allow_client
@require_POST
def remove(request: HttpRequest, application: UUID) -> HttpResponse:
    """Take a role from somebody who was named by mistake; the way to correct it is to name anew."""
    asker, _found = _applied_for(request, application)
    try:
        person, role = UUID(request.POST.get("person", "")), PartyRole(request.POST.get("role", ""))
    except ValueError as error:
        raise Http404 from error
    try:
        commands.remove_party(context(asker), application=application, person=person, role=role)
        messages.success(request, _("Removed."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect(
        "portal-application-step", application, "entity" if role == PartyRole.ENTITY else "people"
    )


@allow_client
@fresh_mfa()
def agreements(request: HttpRequest, application: UUID) -> HttpResponse:
    """The agreements in force, to read and sign one by one with a second factor just shown (CLI-5)."""
    asker, found = _mine(request, application)
    facts = queries.facts(found)
    if asker.person not in facts.signers:
        messages.warning(request, _("Only those who sign for the client sign its agreements."))
        return redirect("portal-application", application)
    if request.method == "POST":
        _sign(request, asker, found)
        return redirect("portal-application-agreements", application)
    signed = {each.agreement for each in queries.signatures(found.id) if each.person == asker.person}
    needed = required(margin=found.margin)
    versions = [
        (version, queries.agreement_text(version.digest), version.id in signed)
        for kind, version in queries.agreements_in_force().items()
        if kind in needed
    ]
    shown = {"application": found, "versions": versions}
    return render(request, "portal/clients/agreements.html", shown)


def _sign(request: HttpRequest, asker: Principal, found: Application) -> None:
    try:
        agreement = UUID(request.POST.get("agreement", ""))
    except ValueError as error:
        raise Http404 from error
    seen = Circumstances(address=client_address(request), agent=device(request))
    draft = vault.draft(asker.person, vault.Kind.CIRCUMSTANCES, seen)
    try:
        commands.sign_agreement.within(
            vault.keeping(draft),
            context(asker),
            application=found.id,
            person=asker.person,
            agreement=agreement,
            digest=request.POST.get("digest", ""),
            circumstances=draft.id,
            confirmed_at=asker.confirmed_at,
        )
        messages.success(request, _("Signed."))
    except Refused as refusal:
        messages.error(request, refusal.message)


@allow_client
@require_POST
def decide(request: HttpRequest, application: UUID) -> HttpResponseBase:
    """Withdraw the application, or hand it in, which takes a second factor just shown."""
    asker, found = _applied_for(request, application)
    try:
        if request.POST.get("act") != "withdraw":
            return _hand_in(request, asker, found)
        commands.withdraw_application(context(asker), application=found.id, by=asker.person)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("portal-application", application)


@fresh_mfa()
def _hand_in(request: HttpRequest, asker: Principal, found: Application) -> HttpResponseBase:
    commands.submit_application(context(asker), application=found.id)
    messages.success(request, _("Handed in. We will look at it and come back to you."))
    return redirect("portal-application", found.id)


urlpatterns = [
    path("apply/", apply, name="portal-apply"),
    path("apply/<uuid:application>/", overview, name="portal-application"),
    path("apply/<uuid:application>/decide/", decide, name="portal-application-decide"),
    path("apply/<uuid:application>/remove/", remove, name="portal-application-remove"),
    path("apply/<uuid:application>/agreements/", agreements, name="portal-application-agreements"),
    path("apply/<uuid:application>/<slug:step>/", step, name="portal-application-step"),
]
