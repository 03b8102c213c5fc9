"""Clients, who may act for them, and the names staff see."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date

from ..models import Authority, Client, ClientLabel, Person, Standing
from ..rules.authority import Capacity
from ..rules.classification import Investor, investor_on
from ..rules.status import ClientStatus, UnknownClient


def client(id: UUID) -> Client:
    """The client of that id; raises UnknownClient."""
    found = Client.objects.filter(pk=id).first()
    if found is None:
        raise UnknownClient("There is no such client.", client=id)
    return found


def active_since(moment: datetime) -> list[UUID]:
    """The clients that became active by then and have been since, by id."""
    rows = Client.objects.filter(status=ClientStatus.ACTIVE, status_at__lte=moment)
    return list(rows.order_by("id").values_list("id", flat=True))


def authority_stands(authority: UUID) -> bool:
    """Whether an authority was granted and has not ended."""
    return Authority.objects.filter(pk=authority, ended_at=None).exists()


def acting() -> QuerySet[Authority]:
    """CLI-13: the authorities that count: not ended, and of nobody reported dead or insolvent.

    Who was reported holds on to the authority: heirs and trustees come by it, and a report may be withdrawn.
    """
    unable = Person.objects.filter(Q(died_at__isnull=False) | Q(insolvent_at__isnull=False))
    return Authority.objects.filter(ended_at=None).exclude(person__in=unable.values("id"))


def authority_holders(client: UUID) -> frozenset[UUID]:
    """The holders and signatories of a client who can act: those whose instructions its mandate counts."""
    standing = acting().filter(client=client).exclude(capacity=Capacity.ATTORNEY)
    return frozenset(standing.values_list("person", flat=True))


def in_the_hands_of(person: UUID) -> frozenset[UUID]:
    """The clients a person may act for today, in whatever capacity."""
    lasting = Q(until=None) | Q(until__gte=hong_kong_date(seams.now()))
    return frozenset(acting().filter(lasting, person=person).values_list("client", flat=True))


def in_scope(scope: frozenset[UUID] | None) -> QuerySet[Client]:
    """The clients a principal reaches (None for all), by reference, each with its display `name`.

    And with what `treated` reads.
    """
    judged = Standing.objects.filter(id=OuterRef("id"))
    found = Client.objects.annotate(
        name=named("id")["name"],
        investor=Subquery(judged.values("investor")),
        review_due=Subquery(judged.values("review_due")),
    )
    return found if scope is None else found.filter(id__in=scope)


def treated(client: Any, on: date) -> Investor:
    """CLI-1: as what a client is treated on a day; one of `in_scope` brings along what this reads."""
    judged = client if hasattr(client, "investor") else Standing.objects.filter(pk=client.pk).first()
    return investor_on(judged.investor or "", judged.review_due, on) if judged else Investor.RETAIL


def labels(clients: list[UUID]) -> dict[UUID, str]:
    """The display names of those of the clients that have one."""
    return dict(ClientLabel.objects.filter(client__in=clients).values_list("client", "name"))


def named(field: str) -> dict[str, Subquery]:
    """Annotations `reference` and `name` for an upper room's queryset whose `field` holds a client's id."""
    return {
        "reference": Subquery(Client.objects.filter(id=OuterRef(field)).values("reference")),
        "name": Subquery(ClientLabel.objects.filter(client=OuterRef(field)).values("name")),
    }
