"""A person behind clients, the agreements in force, and classifying a client again."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from brokerage.access.rules import Perm
from brokerage.http.asking import ask, tell_mistakes
from brokerage.http.gate import allow
from brokerage.http.principal import principal
from brokerage.ledger import seams
from brokerage.ledger.refusal import Refused
from brokerage.market.rules.calendars import hong_kong_date

from .. import commands, queries, vault
from ..commands.reclassification import reassess, reclassify
from ..forms import Human, Paper
from ..models import Person
from ..person_forms import PERSON_ACTS, NewAgreement, Reassessment, Reclassification
from ..queries.holds import clients_of
from ..queries.tax import certificates_due
from ..rules.agreements import text_digest
from ..rules.documents import DocumentKind
from ..rules.person import Why
from .acting import found, offered, routes


def _found(person: UUID) -> Person:
    row: Person = found(queries.anybody, person, seams.now())
    return row


@allow(Perm.SEE_CLIENTS)
def person(request: HttpRequest, person: UUID) -> HttpResponse:
    """One person: the clients it acts for or is behind, its papers, and acts; a name to the entitled.

    Who has but a key or a login has a page, too: there it can be erased.
    """
    row, asker = _found(person), principal(request)
    named = asker.may(Perm.SEE_PERSONAL) and queries.person_if_known(person)
    shown = {
        "row": row,
        "details": vault.read(asker, row.version, Why.CLIENT) if named else None,
        "papers": queries.documents(person),
        "tax": certificates_due(seams.now(), [person]),
        "kinds": list(DocumentKind),
        "clients": queries.in_scope(asker.clients).filter(id__in=clients_of(person)),
        "acts": offered(request, PERSON_ACTS),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/person.html", shown)


@allow(Perm.MAKE_CLIENTS)
def record(request: HttpRequest) -> HttpResponse:
    """Record somebody who is to act for a client and made no application, such as an attorney."""
    form = Human(request.POST or None)
    if form.is_valid():
        try:
            details = form.details().checked(hong_kong_date(seams.now()))
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            draft = vault.draft(seams.new_id(), vault.Kind.INDIVIDUAL, details)
            if ask(request, commands.record_person, version=draft.id, around=vault.keeping(draft)):
                return redirect("person", draft.person)
    return render(request, "staff/clients/record_person.html", {"form": form, "key": seams.new_id()})


@allow(Perm.MAKE_CLIENTS)
@require_POST
def paper(request: HttpRequest, person: UUID) -> HttpResponse:
    """Add a paper that came in to a person's, such as a power of attorney."""
    found(queries.person, person)
    form = Paper(request.POST, request.FILES, people=[(str(person), "")])
    if not form.is_valid():
        tell_mistakes(request, form)
        return redirect("person", person)
    try:
        draft = vault.draft(person, vault.Kind.DOCUMENT, form.content())
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        kind = DocumentKind(form.cleaned_data["kind"])
        ask(request, commands.store_document, document=draft.id, kind=kind, around=vault.keeping(draft))
    return redirect("person", person)


@allow(Perm.MAKE_CLIENTS)
def reclassified(request: HttpRequest, client: UUID) -> HttpResponse:
    """Classify a client again, on a paper and figures of today; two people."""
    if not principal(request).covers(client):
        raise Http404
    row = found(queries.client, client)
    known = filter(queries.person_if_known, sorted(queries.people_behind(client)))
    papers = [paper for each in known for paper in queries.documents(each)]
    form = Reclassification(request.POST or None, papers=papers)
    if form.is_valid() and ask(request, reclassify, client=client, **form.inputs()):
        return redirect("client", client)
    shown = {"client": row, "standing": queries.standing(client), "form": form, "key": seams.new_id()}
    return render(request, "staff/clients/reclassify.html", shown)


@allow(Perm.MAKE_LIMITS)
def reassessed(request: HttpRequest, client: UUID) -> HttpResponse:
    """Judge a client's credit again on figures of today, and knowledge if it was asked anew; two people."""
    if not principal(request).covers(client):
        raise Http404
    row = found(queries.client, client)
    known = filter(queries.person_if_known, sorted(queries.owners(client)))
    papers = [paper for each in known for paper in queries.documents(each)]
    form = Reassessment(request.POST or None, papers=papers)
    if form.is_valid() and ask(request, reassess, client=client, **form.inputs()):
        return redirect("client", client)
    shown = {"client": row, "standing": queries.standing(client), "form": form, "key": seams.new_id()}
    return render(request, "staff/clients/reassess.html", shown)


@allow(Perm.SEE_ONBOARDING)
def agreements(request: HttpRequest) -> HttpResponse:
    """The agreements in force, the texts that wait for a second person, and the form for a new version."""
    shown = {
        "newest": sorted(queries.agreements_in_force().items()),
        "waiting": queries.texts_proposed(),
        "form": NewAgreement(),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/agreements.html", shown)


@allow(Perm.SEE_ONBOARDING)
def text(request: HttpRequest, digest: str) -> HttpResponse:
    """The words of one text, for whoever is to approve or explain it."""
    shown = {"text": found(queries.agreement_text, digest), "digest": digest}
    return render(request, "staff/clients/agreement_text.html", shown)


@allow(Perm.MAKE_AGREEMENTS)
@require_POST
def publish(request: HttpRequest) -> HttpResponse:
    """Propose a text as the next version of an agreement; two people."""
    form = NewAgreement(request.POST)
    if not form.is_valid():
        tell_mistakes(request, form)
        return redirect("agreements")
    text = form.cleaned_data["text"]
    named = {"kind": form.cleaned_data["kind"], "digest": text_digest(text)}
    ask(request, commands.publish_agreement, **named, around=commands.keeping_text(text))
    return redirect("agreements")


urlpatterns = [
    path("people/new/", record, name="person-new"),
    path("people/<uuid:person>/", person, name="person"),
    path("people/<uuid:person>/paper/", paper, name="person-paper"),
    path("clients/<uuid:client>/reclassify/", reclassified, name="client-reclassify"),
    path("clients/<uuid:client>/reassess/", reassessed, name="client-reassess"),
    path("agreements/", agreements, name="agreements"),
    path("agreements/publish/", publish, name="agreement-publish"),
    path("agreements/<str:digest>/", text, name="agreement-text"),
    *routes("people", "person", PERSON_ACTS, _found, lambda id: reverse("person", args=[id])),
]
