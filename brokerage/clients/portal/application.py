"""The way into the firm for an applicant: one step a page, left and taken up again at will."""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
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
from ..rules.agreements import Circumstances, SignatureKind, required
from ..rules.application import (
    OPEN,
    Control,
    PartyRole,
    Stage,
    State,
    UnknownApplication,
    check_draft,
    to_certify,
    undone,
)
from ..rules.documents import LARGEST, DocumentKind, DocumentTooLarge
from ..rules.person import PersonKind, Why, check_own_change
from ..rules.status import ClientType
from ..rules.tax import CertificateDoubtful


class Asked(NamedTuple):
    """One request about one application of the asker."""

    asker: Principal
    application: Application
    form: Any
    today: date

    @property
    def subject(self) -> UUID:
        """Under whose key what concerns the client as a whole is kept."""
        parties = queries.parties(self.application.id)
        first = [p.person for p in parties if p.role in (PartyRole.ENTITY, PartyRole.HOLDER)]
        return first[0] if first else self.asker.person


def _mine(request: HttpRequest, application: UUID) -> tuple[Principal, Application]:
    asker = principal(request)
    try:
        return asker, queries.application(application, of=asker.person)
    except UnknownApplication as unknown:
        raise Http404 from unknown


def _people(asked: Principal, application: UUID) -> list[tuple[str, str]]:
    """The persons of an application with their names, as choices; only who applied may read them all."""
    allowed = queries.entrusted_to(asked.person)
    shown = [queries.person(each) for each in queries.people_of(application) if each in allowed]
    return [(str(each.id), " ".join(vault.read(asked, each.version, Why.OWN).names)) for each in shown]


def _name_person(asked: Asked) -> None:
    given = asked.form.cleaned_data
    person = asked.asker.person if given["me"] else seams.new_id()
    details = asked.form.details().checked(asked.today)
    role = PartyRole(given["role"])
    control = Control(given["control"]) if given["control"] else None
    _record(asked, person, vault.Kind.INDIVIDUAL, details)
    commands.name_party(
        context(asked.asker), application=asked.application.id, person=person, role=role, control=control
    )


def _name_body(asked: Asked) -> None:
    person = seams.new_id()
    _record(asked, person, vault.Kind.ENTITY, asked.form.details().checked(asked.today))
    commands.name_party(
        context(asked.asker), application=asked.application.id, person=person, role=PartyRole.ENTITY
    )


def _record(asked: Asked, person: UUID, kind: vault.Kind, details: Any) -> None:
    """Seal and record a person's details, unless they are on record as they are."""
    known = queries.person_if_known(person)
    if known is not None and vault.known(known.version) == details:
        return
    check_own_change(person, by=asked.asker.person, settled=queries.is_settled(person))
    commands.record_person(context(asked.asker), version=vault.put(person, kind, details).id)


def _store_paper(asked: Asked) -> None:
    file = asked.form.cleaned_data["file"]
    if file.size > LARGEST:
        raise DocumentTooLarge("A document may have at most 10 MB.", size=file.size)
    person = UUID(asked.form.cleaned_data["person"])
    document = vault.put(person, vault.Kind.DOCUMENT, file.read())
    kind = DocumentKind(asked.form.cleaned_data["kind"])
    commands.store_document(context(asked.asker), document=document.id, kind=kind)


def _give_finances(asked: Asked) -> None:
    finances = asked.form.finances().checked(asked.today)
    record = vault.put(asked.subject, vault.Kind.FINANCES, finances)
    commands.give_finances(context(asked.asker), application=asked.application.id, record=record.id)


def _give_answers(asked: Asked) -> None:
    record = vault.put(asked.subject, vault.Kind.ANSWERS, asked.form.answers().checked())
    commands.give_answers(context(asked.asker), application=asked.application.id, record=record.id)


def _certify(asked: Asked) -> None:
    person = queries.person(UUID(asked.form.cleaned_data["person"]))
    is_entity = person.kind == PersonKind.ENTITY
    certificate = asked.form.certificate(asked.today).checked(asked.today, is_entity=is_entity)
    record = vault.put(person.id, vault.Kind.CERTIFICATE, certificate).id
    try:
        commands.certify_tax(context(asked.asker), record=record)
    except CertificateDoubtful as doubtful:
        if not asked.form.cleaned_data["confirm"]:
            raise
        doubts = list(doubtful.evidence["doubts"])
        commands.certify_tax(context(asked.asker), record=record, confirmed=doubts)


class Step(NamedTuple):
    """One page: its form, and what a sound answer does. `about_people` gives the form the names.

    `in_draft` pages are for drafts only; that is looked at before anything is sealed.
    """

    title: Any
    lead: Any
    form: Callable[..., Any]
    act: Callable[[Asked], None]
    about_people: bool = False
    in_draft: bool = True


STEPS = {
    "entity": Step(
        gettext_lazy("The entity"),
        gettext_lazy("The corporation, partnership or trust that will be the client."),
        forms.Body,
        _name_body,
    ),
    "people": Step(
        gettext_lazy("People"),
        gettext_lazy("Everybody who holds, signs for, directs or controls. Add them one by one."),
        forms.Person,
        _name_person,
    ),
    "papers": Step(
        gettext_lazy("Papers"),
        gettext_lazy("An identity paper for each person, the constitution of an entity."),
        forms.Paper,
        _store_paper,
        True,
    ),
    "finances": Step(
        gettext_lazy("Finances"),
        gettext_lazy("What you own and owe, in Hong Kong dollars. It is kept encrypted."),
        forms.Wealth,
        _give_finances,
    ),
    "knowledge": Step(
        gettext_lazy("Knowledge"),
        gettext_lazy("What you know of virtual assets and derivatives decides what we may offer you."),
        forms.Enquiry,
        _give_answers,
    ),
    "tax": Step(
        gettext_lazy("Tax residence"),
        gettext_lazy("Every country that taxes you, with your number there."),
        forms.TaxPaper,
        _certify,
        about_people=True,
        in_draft=False,
    ),
}


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
    """Where the application stands: each page with whether it is done, and what waits for the firm."""
    asker, found = _mine(request, application)
    facts = queries.facts(found)
    done = {
        "entity": bool(facts.of(PartyRole.ENTITY)),
        "people": bool(facts.signers),
        "papers": bool(facts.people) and facts.people <= facts.documented,
        "finances": facts.finances,
        "knowledge": facts.answers,
        "tax": bool(facts.people) and to_certify(facts) <= facts.certified,
    }
    if facts.form in (ClientType.INDIVIDUAL, ClientType.JOINT):
        del done["entity"]
    pages = [(slug, STEPS[slug].title, is_done) for slug, is_done in done.items()]
    shown = {
        "application": found,
        "pages": pages,
        "next": next((slug for slug, _title, is_done in pages if not is_done), None),
        "signed": Stage.AGREEMENTS not in undone(facts),
        "draft": found.state == State.DRAFT,
        "open": found.state in OPEN,
        "mine": found.applicant == asker.person,
    }
    return render(request, "portal/clients/application.html", shown)


@allow_client
def step(request: HttpRequest, application: UUID, step: str) -> HttpResponse:
    """One page of the application: its form, and what was said before as far as it is no secret."""
    asker, found = _mine(request, application)
    page = STEPS.get(step)
    if page is None or (found.applicant != asker.person and step != "tax"):
        raise Http404  # who is only named in it certifies the own tax residence, and no more
    people = _people(asker, application)
    extra = {"people": people} if page.about_people else {}
    form = page.form(request.POST or None, request.FILES or None, **extra)
    if request.method == "POST" and form.is_valid():
        try:
            if page.in_draft:
                check_draft(State(found.state))
            page.act(Asked(asker, found, form, hong_kong_date(seams.now())))
            messages.success(request, _("Kept."))
            return redirect("portal-application", application)
        except Refused as refusal:
            form.add_error(None, refusal.message)
            for doubt in refusal.evidence.get("doubts", ()):
                form.add_error(None, _doubt(doubt))
    shown = {"application": found, "page": page, "form": form, "people": people}
    return render(request, "portal/clients/step.html", shown)


def _doubt(code: str) -> str:
    what, _dash, country = code.partition("-")
    words = {
        "number": _("The tax number of %(country)s does not look like one."),
        "address": _("You live in %(country)s but did not name it."),
        "citizen": _("Citizens of %(country)s are taxed there, but you did not name it."),
    }
    return words[what] % {"country": country}


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
    try:
        commands.sign_agreement(
            context(asker),
            application=found.id,
            person=asker.person,
            agreement=agreement,
            digest=request.POST.get("digest", ""),
            kind=SignatureKind.PORTAL,
            circumstances=vault.put(asker.person, vault.Kind.CIRCUMSTANCES, seen).id,
            confirmed_at=asker.confirmed_at,
        )
        messages.success(request, _("Signed."))
    except Refused as refusal:
        messages.error(request, refusal.message)


@allow_client
@require_POST
def decide(request: HttpRequest, application: UUID) -> HttpResponseRedirect:
    """Hand the application in, or withdraw it."""
    asker, found = _mine(request, application)
    if found.applicant != asker.person:
        raise Http404
    try:
        if request.POST.get("act") == "withdraw":
            commands.withdraw_application(context(asker), application=found.id, by=asker.person)
        else:
            commands.submit_application(context(asker), application=found.id)
            messages.success(request, _("Handed in. We will look at it and come back to you."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("portal-application", application)


@allow_client
def profile(request: HttpRequest) -> HttpResponse:
    """What the firm holds of the asker, and who read it when and why."""
    asker = principal(request)
    known = queries.person_if_known(asker.person)
    shown = {
        "details": vault.read(asker, known.version, Why.OWN) if known else None,
        "papers": queries.documents(asker.person),
        "tax": queries.tax_status(asker.person),
        "readings": queries.readings_told(asker.person)[:50],
    }
    return render(request, "portal/clients/profile.html", shown)


urlpatterns = [
    path("apply/", apply, name="portal-apply"),
    path("apply/<uuid:application>/", overview, name="portal-application"),
    path("apply/<uuid:application>/decide/", decide, name="portal-application-decide"),
    path("apply/<uuid:application>/agreements/", agreements, name="portal-application-agreements"),
    path("apply/<uuid:application>/<slug:step>/", step, name="portal-application-step"),
    path("profile/", profile, name="portal-profile"),
]
