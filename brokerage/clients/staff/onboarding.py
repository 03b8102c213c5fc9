"""The onboarding desk: what waits for whom, one application with its papers, and what may be decided."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from brokerage.access.commands import Proposed, submit
from brokerage.access.rules import Perm, Principal
from brokerage.http.gate import allow
from brokerage.http.listing import page_of
from brokerage.http.principal import context, principal
from brokerage.ledger import seams
from brokerage.ledger.commands import Command
from brokerage.ledger.refusal import Refused

from .. import commands, queries, vault
from ..models import Document
from ..returned import RETURNED
from ..rules.amendment import changes, is_another
from ..rules.application import OPEN, Facts, UnknownApplication
from ..rules.application import Party as Part
from ..rules.classification import Investor
from ..rules.credit import Ground
from ..rules.documents import EXTENSION, DocumentKind, Media, UnknownDocument
from ..rules.person import PersonErased, Why
from ..rules.stages import needed, undone
from ..rules.transfers import BankAccount


@allow(Perm.SEE_ONBOARDING)
def queue(request: HttpRequest) -> HttpResponse:
    """Open applications, the longest waiting first: the step each has reached and whom it waits for.

    Those that amend a client there is are marked.
    """
    waiting = queries.queue(seams.now())
    who = request.GET.get("waits", "")
    rows = [each for each in waiting if not who or each.waits == who]
    counts: dict[str, int] = {}
    for each in waiting:
        counts[each.waits] = counts.get(each.waits, 0) + 1
    shown = {"page": page_of(request, rows), "counts": sorted(counts.items()), "waits": who}
    return render(request, "staff/clients/onboarding.html", shown)


@allow(Perm.SEE_ONBOARDING)
def application(request: HttpRequest, application: UUID) -> HttpResponse:
    """One application: its people with their papers, its steps, and the decisions that are open.

    Names and details appear to whoever may see personal data; that is noted.
    """
    try:
        found = queries.application(application)
    except UnknownApplication as unknown:
        raise Http404 from unknown
    asker = principal(request)
    facts = queries.facts(found)
    left = undone(facts)
    shown = {
        "application": found,
        "amended": queries.client(found.amends) if found.amends else None,
        "changes": _changes(asker, facts) if found.amends else [],
        "signatures": queries.standing(found.amends).signatures if found.amends else None,
        "stages": [(stage, stage not in left) for stage in needed(facts)],
        "stage": left[0] if left else None,
        "people": [_person(asker, party, facts) for party in queries.parties(application)],
        "signed": _signed_papers(found.id, facts.before or ()),
        "judged": is_another(facts),
        "finances": _sealed(asker, found.finances if facts.finances else None),
        "answers": _sealed(asker, found.answers if facts.answers else None),
        "standing": queries.standing(application),
        "open": found.state in OPEN,
        "investors": list(Investor),
        "grounds": list(Ground),
        "returns": list(RETURNED.items()),
        "suggested": f"C-{found.id.hex[-8:].upper()}",
    }
    return render(request, "staff/clients/application.html", shown)


def _changes(asker: Principal, facts: Facts) -> list[tuple[str, list[tuple[str, UUID, Any]]]]:
    """What an amendment changes in words: who joins, leaves and stays."""
    change = changes(facts)
    told = ((_("Joins"), change.joins), (_("Leaves"), change.leaves), (_("Stays"), change.stays))
    return [
        (words, sorted((_named(asker, each) for each in parties), key=lambda named: named[:2]))
        for words, parties in told
        if parties
    ]


def _named(asker: Principal, party: Part) -> tuple[str, UUID, Any]:
    """The role, the person, and the names for whoever may see them."""
    known = queries.person_if_known(party.person)
    details = _sealed(asker, known.version if known else None)
    return party.role, party.person, details.names if details else ()


def _signed_papers(application: UUID, before: Iterable[Part]) -> list[Document]:
    """The signed papers of everybody in an application, and of who was behind the client before."""
    people = dict.fromkeys([*queries.people_of(application), *(each.person for each in before)])
    papers = [paper for person in people for paper in queries.documents(person)]
    return [paper for paper in papers if paper.kind == DocumentKind.SIGNATURE]


def _person(asker: Principal, party: Any, facts: Any) -> dict[str, Any]:
    known = queries.person_if_known(party.person)
    return {
        "party": party,
        "known": known is not None,
        "details": _sealed(asker, known.version if known else None),
        "papers": queries.documents(party.person),
        "identified": party.person in facts.identified,
        "screened": party.person in facts.screened,
        "certified": party.person in facts.certified,
    }


def _sealed(asker: Principal, record: UUID | None) -> Any:
    """The content of a record for whoever may see it; None for others."""
    if record is None or not asker.may(Perm.SEE_PERSONAL):
        return None
    return vault.read(asker, record, Why.ONBOARDING)


@allow(Perm.SEE_PERSONAL)
def document(request: HttpRequest, document: UUID) -> HttpResponse:
    """The bytes of a paper, to be saved and not shown; that it was read is noted."""
    try:
        found = queries.document(document)
        content = vault.read(principal(request), document, Why.ONBOARDING)
    except (UnknownDocument, PersonErased) as missing:
        raise Http404 from missing
    answer = HttpResponse(content, content_type=found.media)
    name = f"{found.kind}-{found.id.hex[-8:]}.{EXTENSION[Media(found.media)]}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


Inputs = Callable[[HttpRequest, UUID], Mapping[str, Any]]


def _nothing(request: HttpRequest, application: UUID) -> Mapping[str, Any]:
    return {}


def _reason(request: HttpRequest, application: UUID) -> Mapping[str, Any]:
    return {"reason": request.POST.get("reason", "")}


def _identity(request: HttpRequest, application: UUID) -> Mapping[str, Any]:
    return {"person": _id(request, "person"), "document": _id(request, "document")}


def _investor(request: HttpRequest, application: UUID) -> Mapping[str, Any]:
    return {
        "investor": _one_of(Investor, request.POST.get("investor", "")),
        "evidence": _id(request, "evidence", optional=True),
        "evidence_dated": _day(request, "evidence_dated", optional=True),
        "consents": _ids(request, "consents"),
        "assessed": "assessed" in request.POST,
        "waive": "waive" in request.POST,
    }


def _credit(request: HttpRequest, application: UUID) -> Mapping[str, Any]:
    grounds = tuple(_one_of(Ground, each) for each in request.POST.getlist("grounds"))
    return {
        "requested": _amount(request, "requested"),
        "grounds": grounds,
        "evidence": _id(request, "evidence", optional=True),
        "evidence_dated": _day(request, "evidence_dated", optional=True),
    }


def _transfer(request: HttpRequest, application: UUID) -> Mapping[str, Any]:
    names = ("bank", "holder", "number", "country")
    account = BankAccount(**{name: request.POST.get(name, "") for name in names}).checked()
    people = queries.people_of(application)
    paper = queries.paper(_id(request, "document"), people, DocumentKind.TRANSFER)
    draft = vault.draft(paper.person, vault.Kind.BANK, account)
    return {
        "around": vault.keeping(draft),
        "account": draft.id,
        "amount": _amount(request, "amount"),
        "received_on": _day(request, "received_on"),
        "document": paper.id,
        "own": "own" in request.POST,
    }


def _reference(request: HttpRequest, application: UUID) -> Mapping[str, Any]:
    return {
        "reference": request.POST.get("reference", "").strip(),
        "papers": _ids(request, "papers"),
    }


def _ids(request: HttpRequest, name: str) -> tuple[UUID, ...]:
    try:
        return tuple(UUID(each) for each in request.POST.getlist(name))
    except ValueError as error:
        raise BadRequest(_("Choose one from the list.")) from error


def _id(request: HttpRequest, name: str, *, optional: bool = False) -> Any:
    text = request.POST.get(name, "")
    if optional and not text:
        return None
    try:
        return UUID(text)
    except ValueError as error:
        raise BadRequest(_("Choose one from the list.")) from error


def _day(request: HttpRequest, name: str, *, optional: bool = False) -> date | None:
    text = request.POST.get(name, "")
    if optional and not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(_("Write the day as 2026-01-31.")) from error


def _one_of(kind: Any, text: str) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise BadRequest(_("Choose one from the list.")) from error


def _amount(request: HttpRequest, name: str) -> Decimal:
    try:
        return Decimal(request.POST.get(name, ""))
    except InvalidOperation as error:
        raise BadRequest(_("Write the amount in digits.")) from error


def _decision(permission: Perm, command: Command[..., Any], inputs: Inputs) -> Any:
    """The page that takes one decision on an application by one command, and leads back."""

    def decide(request: HttpRequest, application: UUID) -> HttpResponse:
        try:
            queries.application(application)
        except UnknownApplication as unknown:
            raise Http404 from unknown
        try:
            given = inputs(request, application)
            answer = submit(context(principal(request)), command, application=application, **given)
            waits = isinstance(answer, Proposed)
            messages.success(request, _("Waits for a second person.") if waits else _("Done."))
        except Refused as refusal:
            messages.error(request, refusal.message)
        return redirect("onboarding-application", application)

    return allow(permission)(require_POST(decide))


DECISIONS: dict[str, tuple[Perm, Command[..., Any], Inputs]] = {
    "identify": (Perm.MAKE_CLIENTS, commands.identify_person, _identity),
    "classify": (Perm.MAKE_CLIENTS, commands.classify_applicant, _investor),
    "knowledge": (Perm.MAKE_CLIENTS, commands.assess_knowledge, _nothing),
    "credit": (Perm.MAKE_LIMITS, commands.assess_applicant_credit, _credit),
    "transfer": (Perm.MAKE_CLIENTS, commands.record_first_transfer, _transfer),
    "approve": (Perm.MAKE_CLIENTS, commands.approve_application, _reference),
    "return": (Perm.MAKE_CLIENTS, commands.return_application, _reason),
    "refuse": (Perm.MAKE_CLIENTS, commands.refuse_application, _reason),
}
"""What the desk decides: the permission it takes, the command, and how the form is read."""

urlpatterns = [
    path("onboarding/", queue, name="onboarding"),
    path("onboarding/<uuid:application>/", application, name="onboarding-application"),
    path("documents/<uuid:document>/", document, name="onboarding-document"),
    *(
        path(f"onboarding/<uuid:application>/{name}/", _decision(*how), name=f"onboarding-{name}")
        for name, how in DECISIONS.items()
    ),
]
