"""Clients to look at."""

from django.contrib import admin

from brokerage.ledger.admin import ReadOnlyAdmin

from .models import Client


@admin.register(Client)
class ClientAdmin(ReadOnlyAdmin):
    """Clients as the events leave them."""

    list_display = ("reference", "type", "status", "opened_at", "status_at")
    list_filter = ("status", "type")
    search_fields = ("reference", "id")
