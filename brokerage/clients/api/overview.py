"""REST route of one client with what belongs to it, now or as of a time."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from brokerage.access.rules import Perm
from brokerage.http import rest
from brokerage.ledger import seams

from .. import queries
from ..models import Client
from ..past import Past, client_as_of
from ..rules.authority import Capacity
from ..rules.holds import Ground
from .clients import ClientOut
from .reviews import ReviewOut
from .standing_authorities import AuthorityOut


class Part(StrEnum):
    """What may be shown with a client."""

    PEOPLE = "people"
    STANDING = "standing_authorities"
    REVIEWS = "reviews"
    HOLDS = "holds"
    GROUP = "group"


OWN = frozenset({Part.PEOPLE, Part.STANDING})
"""What a client may see of itself; the rest is the house's own."""


class ActingOut(rest.Out):
    """A person who may act for the client, in a capacity, until the end of a day if one is set."""

    person = rest.Id()
    capacity = rest.Choice(Capacity)
    granted_at = rest.Instant()
    until = rest.Day(allow_null=True)


class HoldOut(rest.Out):
    """What freezes the client, under which case or order number."""

    id = rest.Id()
    ground = rest.Choice(Ground)
    reference = rest.Text()


class OverviewOut(ClientOut):
    """A client, with the parts that were asked for."""

    people = ActingOut(many=True, required=False)
    standing_authorities = AuthorityOut(many=True, required=False)
    reviews = ReviewOut(many=True, required=False)
    holds = HoldOut(many=True, required=False, source="held_by")
    group = rest.Id(allow_null=True, required=False)


class ClientDetail(rest.DetailView):
    """One client, now or as of a time, with the parts named in `expand`."""

    permission, for_clients, item = Perm.SEE_CLIENTS, True, OverviewOut

    class Parameters(rest.AsOf):
        """As of when, and with what."""

        expand = rest.Several(Part, required=False)

    parameters = Parameters

    def find(self, client: UUID) -> Client:
        """The client within the asker's reach; raises ValidationError for a part the asker may not see."""
        self.covered(client)
        parts = frozenset(self.asked.get("expand", ()))
        if self.asker.clients is not None and parts - OWN:
            raise ValidationError({"expand": [_("Only staff see these parts.")]})
        if not self.asked:
            return queries.client(client)
        return _with_parts(client_as_of(client, self.asked.get("as_of", seams.now())))

    def shown(self, found: Client) -> dict[str, Any]:
        """The client without the parts nobody asked for."""
        unasked = set(Part) - set(self.asked.get("expand", ()))
        return {name: value for name, value in super().shown(found).items() if name not in unasked}


def _with_parts(past: Past) -> Client:
    found: Any = past.client
    found.treated_as, found.group = past.investor, past.group
    found.people, found.reviews = past.authorities, past.reviews
    found.standing_authorities = past.standing_authorities
    found.held_by = [
        {"id": hold, "ground": what["ground"], "reference": what["reference"]}
        for hold, what in sorted(found.holds.items())
    ]
    return found  # type: ignore[no-any-return]


urlpatterns = [path("clients/<uuid:client>", ClientDetail.as_view(), name="api-client")]
