"""Reference data and prices to look at: the admin site may change none of it."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Model

from brokerage.ledger.admin import ReadOnly

from .models import Closure, Instrument, PriceFile, PriceSet, PriceSetLine, PriceSetRate, Quarantine

if TYPE_CHECKING:  # Django's admin classes take type parameters in its stubs only
    ModelAdmin = admin.ModelAdmin[Model]
    TabularInline = admin.TabularInline[Model, Model]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


@admin.register(Instrument)
class InstrumentAdmin(ReadOnly, ModelAdmin):
    """Listed instruments."""

    list_display = ("code", "name", "asset_class", "currency", "lot", "isin", "group", "suspended_since")
    list_filter = ("asset_class", "currency")
    search_fields = ("code", "name", "isin", "group")


class Lines(ReadOnly, TabularInline):
    """The prices of a set."""

    model = PriceSetLine
    fields = ("instrument", "price", "low", "high", "state", "source", "source_time")


class Rates(ReadOnly, TabularInline):
    """The exchange rates of a set."""

    model = PriceSetRate
    fields = ("base", "quote", "rate")


@admin.register(PriceSet)
class PriceSetAdmin(ReadOnly, ModelAdmin):
    """Adopted price sets."""

    list_display = ("slot", "revision", "policy", "adopted_at")
    date_hierarchy = "slot"
    inlines = (Lines, Rates)


@admin.register(Quarantine)
class QuarantineAdmin(ReadOnly, ModelAdmin):
    """Prices that jumped too far, and what became of them."""

    list_display = (
        "instrument",
        "source",
        "price",
        "reference_price",
        "source_time",
        "released_at",
        "reason",
    )
    list_filter = (("released_at", admin.EmptyFieldListFilter),)


@admin.register(Closure)
class ClosureAdmin(ReadOnly, ModelAdmin):
    """Declared closures."""

    list_display = ("day", "kind", "part", "calendars", "declared_at")


@admin.register(PriceFile)
class PriceFileAdmin(ReadOnly, ModelAdmin):
    """Imported price files."""

    list_display = ("content_hash", "feed", "row_count", "imported_at")
