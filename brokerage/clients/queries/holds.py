"""What freezes clients, and through whom."""

from uuid import UUID

from brokerage.ledger import queries as ledger

from ..events import AuthorityGranted
from ..events.holds import DeathReported, InsolvencyReported, ReportWithdrawn
from ..models import Application, Authority, Client, Document, Party
from ..rules.application import PartyRole
from ..rules.authority import CAPACITY, Capacity
from ..rules.holds import Befell, Ground, screening_hold
from ..rules.status import ClientStatus

BEHIND = frozenset(PartyRole) - frozenset(CAPACITY)
"""The roles that tell who is behind a client; whether holders and signatories act, their authority tells."""


def holds_on(client: UUID) -> dict[UUID, Ground]:
    """The holds that stand on a client, with their grounds; none for an unknown client."""
    row = Client.objects.filter(pk=client).only("holds").first()
    return {UUID(id): Ground(each["ground"]) for id, each in (row.holds if row else {}).items()}


def is_closed(client: UUID) -> bool:
    """Whether the client is closed, for good."""
    return Client.objects.filter(pk=client, status=ClientStatus.CLOSED).exists()


def clients_of(person: UUID) -> list[UUID]:
    """The clients a person has any authority over, or is behind, by id."""
    standing = Authority.objects.filter(person=person, ended_at=None)
    return sorted({*standing.values_list("client", flat=True), *clients_behind(person)})


def clients_behind(person: UUID, *roles: PartyRole) -> frozenset[UUID]:
    """The clients whose applications name a person who is, runs, owns or benefits from them, in any role."""
    named = Party.objects.filter(person=person, removed_at=None, role__in=roles or BEHIND)
    opened = Application.objects.filter(id__in=named.values("application"))
    return frozenset(each.client for each in opened if each.client)


def parties_behind(client: UUID) -> list[Party]:
    """Who is behind a client by its application: the entity itself, who runs, owns or benefits from it."""
    opened = Application.objects.filter(client=client).values("id")
    return list(Party.objects.filter(application__in=opened, removed_at=None, role__in=BEHIND))


def people_of(client: UUID) -> frozenset[UUID]:
    """Who acts for a client now or is behind it: those whose hit stops it, as `clients_of` tells."""
    acting = [person for person, _ in authorities_of(client)]
    return frozenset([*acting, *(each.person for each in parties_behind(client))])


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
