"""REST routes of clients."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from brokerage.access.rules import Perm, Principal
from brokerage.http import rest
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries
from ..models import Client
from ..rules.status import Classification, ClientStatus, ClientType


class ClientOut(rest.Out):
    """A client, without personal data; the status is the house's own and null for the client."""

    id = rest.Id()
    reference = rest.Text()
    type = rest.Choice(ClientType)
    classification = rest.Choice(Classification)
    status = rest.Choice(ClientStatus, allow_null=True)
    opened_at = rest.Instant()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """The client; a status, which may be a hold nobody tells him of, for staff only."""
        shown: dict[str, Any] = super().to_representation(instance)
        treated = getattr(instance, "treated_as", None) or queries.treated(
            instance, hong_kong_date(seams.now())
        )
        shown["classification"] = treated.classification.value
        asker: Principal = self.context["asker"]
        return shown if asker.clients is None else shown | {"status": None}


class Clients(rest.ListView):
    """Clients, by reference."""

    permission, for_clients, item = Perm.SEE_CLIENTS, True, ClientOut
    order = ("reference", "id")

    class Filters(rest.Paged):
        """Narrow the list; by status only for staff, since a client's may be a hold nobody tells him of."""

        type = rest.Choice(ClientType, required=False)
        status = rest.Choice(ClientStatus, required=False)

    parameters = Filters

    def rows(self) -> QuerySet[Client]:
        """The clients within the asker's reach; raises ValidationError."""
        if "status" in self.asked and self.asker.clients is not None:
            raise ValidationError({"status": [_("Only staff narrow the list by status.")]})
        wanted = self.filters("type", "status")
        return queries.in_scope(self.asker.clients).filter(**wanted)


class ClientCommand(rest.CommandView):
    """What the commands about one client share: staff who watch over clients give them."""

    permission, item = Perm.MAKE_WATCH, ClientOut

    def find(self, client: UUID) -> Client:
        """The client within reach."""
        self.covered(client)
        return queries.client(client)


urlpatterns = [
    path("clients", Clients.as_view(), name="api-clients"),
]
