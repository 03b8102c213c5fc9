"""Adopted prices, read-only: what each set says, where it came from and what is in doubt."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from brokerage.http.gate import allow
from brokerage.http.listing import moment, page_of
from brokerage.ledger import seams

from . import queries
from .models import PriceSet

SEE = "access.see_reference"


@allow(SEE)
def prices(request: HttpRequest) -> HttpResponse:
    """The newest price set, or the one in force at a past time; quarantined prices; earlier sets."""
    as_of = moment(request)
    return _page(request, queries.latest_price_set(as_of or seams.now()), {"as_of": as_of})


@allow(SEE)
def price_set(request: HttpRequest, price_set: UUID) -> HttpResponse:
    """One price set by its identifier."""
    found = PriceSet.objects.filter(id=price_set).first()
    if found is None:
        raise Http404
    return _page(request, found, {})


def _page(request: HttpRequest, shown: PriceSet | None, context: dict[str, object]) -> HttpResponse:
    context |= {
        "shown": shown,
        "lines": shown and shown.lines.select_related("instrument").order_by("instrument__code"),
        "rates": shown and queries.rates(shown.id),
        "quarantined": queries.open_quarantines(),
        "sets": page_of(request, PriceSet.objects.all(), 20),
        "now": seams.now(),
    }
    return render(request, "staff/market/prices.html", context)


urlpatterns = [
    path("prices/", prices, name="prices"),
    path("prices/<uuid:price_set>/", price_set, name="prices-set"),
]
