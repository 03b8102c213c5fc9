"""Margin's read models to look at; only commands change what they show."""

from django.contrib import admin

from brokerage.ledger.admin import ReadOnlyAdmin

from .models import Call, InterestMonth, MarginAccount, Policy, PriceHold, Sale, SaleFill, SaleLeg, Valuation


@admin.register(MarginAccount)
class MarginAccountAdmin(ReadOnlyAdmin):
    """Margin accounts."""

    list_display = ("id", "currency", "credit_limit", "warned", "open_call", "open_hold", "opened_at")
    list_filter = ("currency", "warned")
    search_fields = ("id", "client")


@admin.register(Policy)
class PolicyAdmin(ReadOnlyAdmin):
    """Adopted policies."""

    list_display = ("version", "effective_from", "adopted_at", "reason")


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """Margin calls, ended ones included."""

    list_display = ("account", "stage", "amount", "currency", "va_left", "securities_left", "issued_at")
    list_filter = ("is_open", "stage", "hard")
    search_fields = ("id", "account__id")


@admin.register(Sale)
class SaleAdmin(ReadOnlyAdmin):
    """Plans of forced sales."""

    list_display = ("call", "version", "state", "scope", "meets_target", "planned_at", "outcome")
    list_filter = ("state", "outcome")
    search_fields = ("id", "call__id")


@admin.register(SaleLeg)
class SaleLegAdmin(ReadOnlyAdmin):
    """What was to be sold, and what was."""

    list_display = ("sale", "number", "asset", "quantity", "filled", "filled_proceeds")


@admin.register(SaleFill)
class SaleFillAdmin(ReadOnlyAdmin):
    """Executions of sell orders."""

    list_display = ("venue_trade", "sale", "leg", "quantity", "price", "proceeds", "filled_at")
    search_fields = ("venue_trade", "trade")


@admin.register(PriceHold)
class PriceHoldAdmin(ReadOnlyAdmin):
    """Price holds, lifted ones included."""

    list_display = ("account", "assets", "placed_at", "lifted_at")
    search_fields = ("account__id",)


@admin.register(InterestMonth)
class InterestMonthAdmin(ReadOnlyAdmin):
    """Interest by account and month."""

    list_display = ("account", "month", "days", "accrued", "settled", "charged")
    search_fields = ("account__id",)


@admin.register(Valuation)
class ValuationAdmin(ReadOnlyAdmin):
    """The latest revaluation."""

    list_display = ("account", "health", "loan", "lending_value", "market_value", "call_amount", "valued_at")
    list_filter = ("health",)
    search_fields = ("account__id",)
