"""Clients to look at, and their display names to keep."""

from typing import TYPE_CHECKING

from django.contrib import admin
from simple_history.admin import SimpleHistoryAdmin

from brokerage.ledger.admin import ReadOnlyAdmin

from .models import Client, ClientLabel

if TYPE_CHECKING:  # the history's own admin class comes without types
    HistoryAdmin = ReadOnlyAdmin
else:
    HistoryAdmin = SimpleHistoryAdmin


@admin.register(Client)
class ClientAdmin(ReadOnlyAdmin):
    """Clients as the events leave them."""

    list_display = ("reference", "type", "status", "opened_at", "status_at")
    list_filter = ("status", "type")
    search_fields = ("reference", "id")


@admin.register(ClientLabel)
class ClientLabelAdmin(HistoryAdmin):
    """Display names, with the trail of who changed them."""

    list_display = ("name", "client")
    search_fields = ("name", "client")
