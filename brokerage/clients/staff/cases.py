"""The cases desk, for compliance alone: alerts, cases, their notes and papers."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from brokerage.access.rules import Perm
from brokerage.http.asking import ask
from brokerage.http.gate import allow
from brokerage.http.listing import page_of
from brokerage.ledger import seams

from .. import queries, sealed
from ..commands.cases import TEXT, add_evidence
from ..queries import cases as cased
from ..rules.documents import EXTENSION, LARGEST, Media
from ..rules.sealed import UnknownText
from ..watch_forms import ALERT_ACTS, CASE_ACTS
from .acting import found, offered, routes


@allow(Perm.MANAGE_CASES)
def desk(request: HttpRequest) -> HttpResponse:
    """Alerts that wait, and cases: those that go on, or the closed ones."""
    ended = request.GET.get("closed") == "1"
    waiting = cased.open_alerts().annotate(**queries.named("client"))
    context = {
        "alerts": [(row, sealed.text(row.id, row.text) if row.text else "") for row in waiting[:100]],
        "page": page_of(request, cased.cases(ended=ended).annotate(**queries.named("client"))),
        "ended": ended,
        "acts": offered(request, ALERT_ACTS),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/cases.html", context)


@allow(Perm.MANAGE_CASES)
def case(request: HttpRequest, case: UUID) -> HttpResponse:
    """One case: its alerts, notes and papers, and what may be done."""
    row = found(cased.case, case)
    context = {
        "row": row,
        "client": queries.in_scope(None).get(id=row.client),
        "alerts": [
            (each, sealed.text(each.id, each.text) if each.text else "") for each in cased.alerts_of(case)
        ],
        "notes": [
            (each, sealed.text(case, each.id) if each.media == TEXT else "") for each in cased.notes(case)
        ],
        "acts": [] if row.closed_at else offered(request, CASE_ACTS),
        "mine": row.closure_by == getattr(request.user, "person", None),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/case.html", context)


@allow(Perm.MANAGE_CASES)
@require_POST
def evidence(request: HttpRequest, case: UUID) -> HttpResponse:
    """Add a paper to a case."""
    found(cased.case, case)
    file = request.FILES.get("file")
    content = file.read(LARGEST + 1) if file else b""
    ask(request, add_evidence, case=case, content=content)
    return redirect("case", case)


@allow(Perm.MANAGE_CASES)
def paper(request: HttpRequest, case: UUID, text: UUID) -> HttpResponse:
    """The bytes of a paper of a case, to be saved and not shown."""
    notes = {each.id: each for each in found(cased.notes, case)}
    if text not in notes or notes[text].media == TEXT:
        found(_nothing)
    answer = HttpResponse(found(sealed.opened, case, text), content_type=notes[text].media)
    name = f"paper-{text.hex[-8:]}.{EXTENSION[Media(notes[text].media)]}"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _nothing() -> None:
    raise UnknownText("There is no such paper.")


urlpatterns = [
    path("cases/", desk, name="cases"),
    path("cases/<uuid:case>/", case, name="case"),
    path("cases/<uuid:case>/evidence/", evidence, name="case-evidence"),
    path("cases/<uuid:case>/papers/<uuid:text>/", paper, name="case-paper"),
    *routes("cases", "case", CASE_ACTS, cased.case, lambda id: reverse("case", args=[id])),
    *routes("alerts", "alert", ALERT_ACTS, cased.alert, lambda id: reverse("cases")),
]
