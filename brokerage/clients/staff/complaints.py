"""The complaints register: what came in, what is late, and the answer."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from brokerage.access.rules import Perm
from brokerage.http.asking import ask, tell_mistakes
from brokerage.http.gate import allow
from brokerage.http.listing import page_of
from brokerage.http.principal import principal
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, sealed
from ..commands.complaints import receive_complaint
from ..queries import complaints as register_
from ..rules.complaints import Stage
from ..watch_forms import COMPLAINT_ACTS, NewComplaint
from .acting import found, offered, routes


@allow(Perm.SEE_CLIENTS)
def register(request: HttpRequest) -> HttpResponse:
    """Complaints, the next answer due first; the closed ones apart."""
    ended = request.GET.get("closed") == "1"
    rows = register_.complaints(principal(request).clients).annotate(**queries.named("client"))
    rows = rows.filter(stage=Stage.CLOSED) if ended else rows.exclude(stage=Stage.CLOSED)
    today = hong_kong_date(seams.now())
    context = {
        "page": page_of(request, rows),
        "ended": ended,
        "late": set(register_.overdue(today).values_list("pk", flat=True)),
        "form": NewComplaint(),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/complaints.html", context)


@allow(Perm.MAKE_WATCH)
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Enter a complaint that came in."""
    form = NewComplaint(request.POST)
    if form.is_valid():
        ask(request, receive_complaint, **form.cleaned_data)
    else:
        tell_mistakes(request, form)
    return redirect("complaints")


@allow(Perm.SEE_CLIENTS)
def complaint(request: HttpRequest, complaint: UUID) -> HttpResponse:
    """One complaint with its dates; its words to whoever may see personal data."""
    asker = principal(request)
    row = found(register_.complaint, complaint, asker.clients)
    may = asker.may(Perm.SEE_PERSONAL)
    context = {
        "row": row,
        "client": queries.in_scope(asker.clients).filter(id=row.client).first(),
        "text": sealed.text(complaint, row.text) if may else None,
        "answer": sealed.text(complaint, row.answer) if may and row.answer else None,
        "acts": offered(request, COMPLAINT_ACTS),
        "key": seams.new_id(),
    }
    return render(request, "staff/clients/complaint.html", context)


urlpatterns = [
    path("complaints/", register, name="complaints"),
    path("complaints/new/", receive, name="complaint-new"),
    path("complaints/<uuid:complaint>/", complaint, name="complaint"),
    *routes(
        "complaints",
        "complaint",
        COMPLAINT_ACTS,
        register_.complaint,
        lambda id: reverse("complaint", args=[id]),
    ),
]
