"""Custodians, accounts and blocks to look at."""

from django.contrib import admin

from brokerage.ledger.admin import ReadOnlyAdmin

from .models import Block, Custodian, CustodyAccount


@admin.register(Custodian)
class CustodianAdmin(ReadOnlyAdmin):
    """Where the firm keeps assets."""

    list_display = (
        "name",
        "kind",
        "assets",
        "licence_type",
        "licence_number",
        "licence_from",
        "licence_until",
    )
    list_filter = ("kind",)
    search_fields = ("name", "id")


@admin.register(CustodyAccount)
class CustodyAccountAdmin(ReadOnlyAdmin):
    """Client accounts."""

    list_display = ("id", "client", "kind", "base_currency", "status", "opened_at", "closed_at")
    list_filter = ("kind", "status", "base_currency")
    list_select_related = ("client",)
    search_fields = ("id", "client__reference")


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin):
    """Blocks, lifted ones included."""

    list_display = ("account", "scope", "asset", "reason", "placed_at", "lifted_at")
    list_filter = ("scope",)
    search_fields = ("account__id", "reason")
