"""Front pages: the desk's, with what needs a person now from every room, and the portal's."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from brokerage.access import queries as approvals
from brokerage.access.rules import Principal
from brokerage.clients import queries as clients
from brokerage.clients.queries import cases, complaints, reviews, screening, standing_authorities
from brokerage.http import queries as webhooks
from brokerage.http.listing import is_live
from brokerage.http.principal import principal
from brokerage.jobs import queries as jobs
from brokerage.jobs.staff import BEHIND
from brokerage.ledger import browse, seams
from brokerage.market import queries as market
from brokerage.market.rules.calendars import hong_kong_date
from margin import monitor
from margin.monitor import Risk


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that may need a person: how many, in words, how bad, and where to look."""

    count: int
    words: str
    tone: str
    link: str


def root(request: HttpRequest) -> HttpResponse:
    """To the first page of whoever asks."""
    return redirect("home" if request.user.is_staff else "portal")


def portal(request: HttpRequest) -> HttpResponse:
    """Who is logged in, and the clients he acts for."""
    mine = clients.in_scope(principal(request).clients)
    return render(request, "portal/home.html", {"clients": mine})


def home(request: HttpRequest) -> HttpResponse:
    """Exceptions first; that there are none is said in words."""
    user, now = request.user, seams.now()
    concerns: list[Concern] = []
    if user.has_perm("access.see_approvals"):
        concerns += _approvals(principal(request))
    if user.has_perm("access.see_clients"):
        concerns += _clients(now)
    if user.has_perm("access.manage_cases"):
        concerns += _alerts()
    if user.has_perm("access.see_margin"):
        concerns += _margin()
    if user.has_perm("access.see_reference"):
        concerns += _prices()
    if user.has_perm("access.see_ledger"):
        concerns += _ledger()
    if user.has_perm("access.see_jobs"):
        concerns += _jobs(now)
    context = {
        "now": now,
        "live": is_live(request),
        "concerns": [each for each in concerns if each.count],
        "calls": monitor.in_call() if user.has_perm("access.see_margin") else [],
    }
    part = "concerns" if request.headers.get("HX-Request") else "home"
    return render(request, f"staff/{part}.html", context)


def _approvals(asker: Principal) -> list[Concern]:
    rows = approvals.waiting_for(asker.person, asker.permissions, approvals.proposals(asker.clients))
    count = rows.count()
    words = ngettext("proposal waits for you", "proposals wait for you", count)
    return [Concern(count, words, Risk.WARNING, reverse("approvals"))]


def _clients(now: datetime) -> list[Concern]:
    today = hong_kong_date(now)
    due, waiting = reviews.reviews_due(today).count(), screening.hits().count()
    ending, late = standing_authorities.expiring(today).count(), complaints.overdue(today).count()
    untold = standing_authorities.lapsed_without_notice(today).count()
    return [
        Concern(
            waiting,
            ngettext("screening hit waits", "screening hits wait", waiting),
            Risk.CALL,
            reverse("client-hits"),
        ),
        Concern(due, ngettext("review due", "reviews due", due), Risk.WARNING, reverse("client-reviews")),
        Concern(
            ending,
            ngettext("standing authority ends soon", "standing authorities end soon", ending),
            Risk.WARNING,
            reverse("standing-authorities"),
        ),
        Concern(
            untold,
            ngettext(
                "standing authority lapsed: its notice was not delivered",
                "standing authorities lapsed: their notices were not delivered",
                untold,
            ),
            Risk.CALL,
            f"{reverse('standing-authorities')}?all=1",
        ),
        Concern(late, ngettext("complaint late", "complaints late", late), Risk.CALL, reverse("complaints")),
    ]


def _alerts() -> list[Concern]:
    count = cases.open_alerts().count()
    return [Concern(count, ngettext("alert waits", "alerts wait", count), Risk.CALL, reverse("cases"))]


def _margin() -> list[Concern]:
    counts, page = monitor.counts(), reverse("margin")
    words = {
        Risk.SALE: ngettext("account to be sold", "accounts to be sold", counts[Risk.SALE]),
        Risk.CALL: ngettext("account in call", "accounts in call", counts[Risk.CALL]),
        Risk.WARNING: ngettext("account in warning", "accounts in warning", counts[Risk.WARNING]),
        Risk.UNKNOWN: ngettext("account not valued", "accounts not valued", counts[Risk.UNKNOWN]),
    }
    return [Concern(counts[risk], text, risk, f"{page}?risk={risk}") for risk, text in words.items()]


def _prices() -> list[Concern]:
    waiting = len(market.open_quarantines())
    return [Concern(waiting, _("prices in quarantine"), Risk.WARNING, reverse("prices"))]


def _ledger() -> list[Concern]:
    late = int(browse.seal_lag().total_seconds())
    return [Concern(late if late > 60 else 0, _("seconds since the last seal"), Risk.CALL, reverse("ledger"))]


def _jobs(now: datetime) -> list[Concern]:
    page = reverse("jobs")
    late = sum(1 for each in jobs.job_status(now) if each.lag > BEHIND)
    off, held = webhooks.gave_up().count(), len(webhooks.held_back())
    return [
        Concern(jobs.parked_items().count(), _("items parked by jobs"), Risk.CALL, page),
        Concern(late, ngettext("job behind", "jobs behind", late), Risk.WARNING, page),
        Concern(
            off,
            ngettext("webhook switched off after failures", "webhooks switched off after failures", off),
            Risk.CALL,
            reverse("webhooks"),
        ),
        Concern(
            held,
            ngettext(
                "webhook held back: who asked for it may not read the ledger any more",
                "webhooks held back: who asked for them may not read the ledger any more",
                held,
            ),
            Risk.CALL,
            reverse("webhooks"),
        ),
    ]
