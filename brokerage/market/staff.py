"""Adopted prices: what each set says, where it came from, what is in doubt, and its release."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from brokerage.access.rules import Perm
from brokerage.http.asking import ask, tell_mistakes
from brokerage.http.gate import allow
from brokerage.http.listing import moment, page_of
from brokerage.ledger import seams

from . import commands, queries
from .models import PriceSet, Quarantine

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
        "key": seams.new_id(),
    }
    return render(request, "staff/market/prices.html", context)


class Release(forms.Form):
    """Why a price that jumped is real."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200)


@allow(Perm.MAKE_PRICES)
@require_POST
def release(request: HttpRequest, quarantine: UUID) -> HttpResponse:
    """Ask that a quarantined price count, and back to the prices."""
    get_object_or_404(Quarantine, pk=quarantine)
    form = Release(request.POST)
    if form.is_valid():
        ask(request, commands.release_price, quarantine=quarantine, **form.cleaned_data)
    else:
        tell_mistakes(request, form)
    return redirect("prices")


urlpatterns = [
    path("prices/", prices, name="prices"),
    path("prices/<uuid:price_set>/", price_set, name="prices-set"),
    path("prices/quarantine/<uuid:quarantine>/release/", release, name="prices-release"),
]
