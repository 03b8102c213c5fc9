"""What freezes clients, and through whom."""

from uuid import UUID

from brokerage.ledger import queries as ledger

from ..events import AuthorityGranted
from ..events.holds import DeathReported, InsolvencyReported, ReportWithdrawn
from ..models import Authority, Client, Document
from ..rules.authority import Capacity
from ..rules.holds import Befell, Ground, screening_hold
from ..rules.status import ClientStatus
from .behind import ON_RECORD, clients_behind, parties_on_record


def holds_on(client: UUID) -> dict[UUID, Ground]:
    """The holds that stand on a client, with their grounds; none for an unknown client."""
    row = Client.objects.filter(pk=client).only("holds").first()
    return {UUID(id): Ground(each["ground"]) for id, each in (row.holds if row else {}).items()}


def is_closed(client: UUID) -> bool:
    """Whether the client is closed, for good."""
    return Client.objects.filter(pk=client, status=ClientStatus.CLOSED).exists()


def clients_of(person: UUID) -> list[UUID]:
    """The clients a person has any authority over, holds or is behind, by id."""
    standing = Authority.objects.filter(person=person, ended_at=None)
    return sorted({*standing.values_list("client", flat=True), *clients_behind(person, *ON_RECORD)})


def people_of(client: UUID) -> frozenset[UUID]:
    """Who acts for a client now, holds it or is behind it: those whose hit stops it, as `clients_of` tells.

    A holder who acts no more owns it still, until an amendment leaves him out.
    """
    acting = [person for person, _ in authorities_of(client)]
    return frozenset(acting) | {each.person for each in parties_on_record(client)}


def principals_of(client: UUID) -> dict[UUID, UUID]:
    """Under whose power of attorney each attorney of a client acts or acted: attorney -> principal."""
    granted = [each.event for each in ledger.events(client) if isinstance(each.event, AuthorityGranted)]
    powers = {
        each.person: each.document for each in granted if each.capacity is Capacity.ATTORNEY and each.document
    }
    given_by = dict(Document.objects.filter(pk__in=powers.values()).values_list("id", "person"))
    return {attorney: given_by[power] for attorney, power in powers.items() if power in given_by}


def reports_of(person: UUID) -> list[DeathReported | InsolvencyReported]:
    """What was reported of a person and not withdrawn since, oldest first."""
    reports: list[DeathReported | InsolvencyReported] = []
    for each in ledger.events(person):
        if isinstance(each.event, DeathReported | InsolvencyReported):
            reports.append(each.event)
        elif isinstance(each.event, ReportWithdrawn):
            kind = DeathReported if each.event.what is Befell.DEATH else InsolvencyReported
            reports = [report for report in reports if not isinstance(report, kind)]
    return reports


def powers_of(client: UUID, principal: UUID) -> list[UUID]:
    """Who acts for a client under a power of attorney that a holder gave; everybody, of its only holder."""
    standing, principals = authorities_of(client), principals_of(client)
    sole = [other for other, capacity in standing if capacity is Capacity.HOLDER] == [principal]
    attorneys = [other for other, capacity in standing if capacity is Capacity.ATTORNEY]
    return [each for each in attorneys if sole or principals.get(each) == principal]


def clients_stopped_by(person: UUID) -> list[UUID]:
    """The clients that carry a hold for a screening hit of a person who acts or acted for them, or is behind
    them, by id.
    """
    acted = Authority.objects.filter(person=person).values_list("client", flat=True)
    rows = Client.objects.filter(pk__in={*acted, *clients_behind(person)}).only("holds")
    return sorted(row.id for row in rows if str(screening_hold(row.id, person)) in row.holds)


def authorities_of(client: UUID) -> list[tuple[UUID, Capacity]]:
    """Who acts for a client now, and in which capacity, oldest first."""
    rows = Authority.objects.filter(client=client, ended_at=None).values_list("person", "capacity")
    return [(person, Capacity(capacity)) for person, capacity in rows]
