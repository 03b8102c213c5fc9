"""Reads of clients."""

from uuid import UUID

from django.db.models import OuterRef, Subquery

from .models import Client, ClientLabel
from .rules import UnknownClient


def client(id: UUID) -> Client:
    """The client of that id; raises UnknownClient."""
    found = Client.objects.filter(pk=id).first()
    if found is None:
        raise UnknownClient("There is no such client.", client=id)
    return found


def labels(clients: list[UUID]) -> dict[UUID, str]:
    """The display names of those of the clients that have one."""
    return dict(ClientLabel.objects.filter(client__in=clients).values_list("client", "name"))


def named(field: str) -> dict[str, Subquery]:
    """Annotations `reference` and `name` for an upper room's queryset whose `field` holds a client's id."""
    return {
        "reference": Subquery(Client.objects.filter(id=OuterRef(field)).values("reference")),
        "name": Subquery(ClientLabel.objects.filter(client=OuterRef(field)).values("name")),
    }
