"""What freezes clients, and through whom."""

from uuid import UUID

from ..models.client import Authority, Client
from ..rules.authority import Capacity
from ..rules.holds import Ground, screening_hold


def holds_on(client: UUID) -> dict[UUID, Ground]:
    """The holds that stand on a client, with their grounds; none for an unknown client."""
    row = Client.objects.filter(pk=client).only("holds").first()
    return {UUID(id): Ground(each["ground"]) for id, each in (row.holds if row else {}).items()}


def clients_of(person: UUID) -> list[UUID]:
    """The clients a person has any authority over, by id."""
    standing = Authority.objects.filter(person=person, ended_at=None)
    return sorted(set(standing.values_list("client", flat=True)))


def clients_stopped_by(person: UUID) -> list[UUID]:
    """The clients that carry a hold for a screening hit of a person who acts or acted for them, by id."""
    acted = Authority.objects.filter(person=person).values("client")
    rows = Client.objects.filter(pk__in=acted).only("holds")
    return sorted(row.id for row in rows if str(screening_hold(row.id, person)) in row.holds)


def authorities_of(client: UUID) -> list[tuple[UUID, Capacity]]:
    """Who acts for a client now, and in which capacity, oldest first."""
    rows = Authority.objects.filter(client=client, ended_at=None).values_list("person", "capacity")
    return [(person, Capacity(capacity)) for person, capacity in rows]
