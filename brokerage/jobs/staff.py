"""The jobs page: is every job on time, and what was set aside for a person?"""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from brokerage.http.gate import allow
from brokerage.http.listing import is_live, page_of
from brokerage.ledger import seams

from . import queries
from .schedule import jobs

SEE = "access.see_jobs"
BEHIND = timedelta(minutes=2)


@allow(SEE)
def overview(request: HttpRequest) -> HttpResponse:
    """Every job with its lag, the outbox and what is parked; refreshes itself."""
    now = seams.now()
    parked = page_of(request, queries.parked_items())
    context = {
        "now": now,
        "live": is_live(request),
        "jobs": queries.job_status(now),
        "outbox": queries.outbox_status(now),
        "behind": BEHIND,
        "parked": parked,
    }
    part = "status" if request.headers.get("HX-Request") else "overview"
    return render(request, f"staff/jobs/{part}.html", context)


@allow(SEE)
def runs(request: HttpRequest, job: str) -> HttpResponse:
    """The runs of one job, newest slot first."""
    if job not in jobs():
        raise Http404
    found = queries.runs_of(job).prefetch_related("shards")
    return render(request, "staff/jobs/runs.html", {"job": jobs()[job], "page": page_of(request, found)})


urlpatterns = [
    path("jobs/", overview, name="jobs"),
    path("jobs/<str:job>/", runs, name="jobs-runs"),
]
