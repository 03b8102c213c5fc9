"""REST routes of the market: instruments, and the price sets that everything is valued at."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path

from brokerage.access.rules import Perm
from brokerage.http import rest

from . import queries
from .models import Instrument, PriceSet, PriceSetLine
from .rules.instruments import AssetClass
from .rules.prices import PriceState


class InstrumentOut(rest.Out):
    """The terms of an instrument."""

    id = rest.Id()
    code = rest.Code()
    name = rest.Text()
    asset_class = rest.Choice(AssetClass)
    currency = rest.Code()
    places = rest.Whole()
    lot = rest.Amount()
    tick = rest.Amount(allow_null=True)
    isin = rest.Text(allow_null=True)
    suspended_since = rest.Day(allow_null=True)
    listed_at = rest.Instant()


class PriceSetOut(rest.Out):
    """The prices and rates adopted for a slot of time."""

    id = rest.Id()
    slot = rest.Instant()
    revision = rest.Whole()
    policy = rest.Text()
    adopted_at = rest.Instant()


class PriceOut(rest.Out):
    """A price as adopted, in the instrument's currency; the true one surely lies from low to high."""

    instrument = rest.Code(source="instrument.code")
    currency = rest.Code(source="instrument.currency")
    price = rest.Amount()
    low = rest.Amount()
    high = rest.Amount()
    state = rest.Choice(PriceState)
    source = rest.Text()  # type: ignore[assignment]
    source_time = rest.Instant()
    suspended_since = rest.Day(allow_null=True)


class RateOut(rest.Out):
    """Units of `quote` for one unit of `base`."""

    base = rest.Code()
    quote = rest.Code()
    rate = rest.Amount()


class PriceSetDetailOut(PriceSetOut):
    """A price set with its rates; its prices are a list of their own."""

    rates = RateOut(many=True)


class Instruments(rest.ListView):
    """Listed instruments, by code."""

    permission, for_clients, item = Perm.SEE_REFERENCE, True, InstrumentOut
    order = ("code",)

    def rows(self) -> QuerySet[Instrument]:
        """All of them: they are the same for everybody."""
        return Instrument.objects.all()


class InstrumentDetail(rest.DetailView):
    """One instrument, by its code."""

    permission, for_clients, item = Perm.SEE_REFERENCE, True, InstrumentOut

    def find(self, code: str) -> Instrument:
        """The instrument of that code."""
        found = Instrument.objects.filter(code=code).first()
        if found is None:
            raise Http404
        return found


class PriceSets(rest.ListView):
    """Adopted price sets, newest slot and revision first."""

    permission, for_clients, item = Perm.SEE_REFERENCE, True, PriceSetOut
    order = ("-slot", "-revision", "id")

    def rows(self) -> QuerySet[PriceSet]:
        """All of them."""
        return PriceSet.objects.all()


class PriceSetDetail(rest.DetailView):
    """One price set with its exchange rates."""

    permission, for_clients, item = Perm.SEE_REFERENCE, True, PriceSetDetailOut

    def find(self, price_set: UUID) -> PriceSet:
        """The set, with its rates."""
        return queries.price_set(price_set)

    def shown(self, found: Any) -> dict[str, Any]:
        """The set and its rates, by currency."""
        rates = RateOut(queries.rates(found.id), many=True).data
        return {
            **PriceSetOut(found).data,
            "rates": sorted(rates, key=lambda rate: (rate["base"], rate["quote"])),
        }


class Prices(rest.ListView):
    """The prices of a set, by instrument."""

    permission, for_clients, item = Perm.SEE_REFERENCE, True, PriceOut
    order = ("id",)

    def find(self, price_set: UUID) -> PriceSet:
        """The set, so that an unknown one is no empty one."""
        return queries.price_set(price_set)

    def rows(self) -> QuerySet[PriceSetLine]:
        """Its lines."""
        return PriceSetLine.objects.filter(price_set=self.kwargs["price_set"]).select_related("instrument")


urlpatterns = [
    path("instruments", Instruments.as_view(), name="api-instruments"),
    path("instruments/<str:code>", InstrumentDetail.as_view(), name="api-instrument"),
    path("price-sets", PriceSets.as_view(), name="api-price-sets"),
    path("price-sets/<uuid:price_set>", PriceSetDetail.as_view(), name="api-price-set"),
    path("price-sets/<uuid:price_set>/prices", Prices.as_view(), name="api-prices"),
]
