"""Standing authorities: which stand, which end soon, and what they cover."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet

from brokerage.ledger import queries as ledger

from ..events.person import DocumentStored
from ..models.application import Party
from ..models.client import Authority, Client
from ..models.person import Document
from ..models.standing_authorities import StandingAuthority
from ..rules.authority import Capacity
from ..rules.standing_authorities import NOTICE, REMINDER, End, Purpose, UnknownStandingAuthority, covers
from ..rules.status import ClientStatus
from .application import investor
from .client import client as client_of

PAPERS = ("document", "identity", "evidence")
"""What events call a paper that they rest on."""
SEVERAL = ("documents", "consents")
"""What they call papers that several signed."""
STOPPED = (ClientStatus.FROZEN, ClientStatus.CLOSED)


def standing_authority(id: UUID) -> StandingAuthority:
    """The standing authority of that id that has not ended; raises UnknownStandingAuthority."""
    found = StandingAuthority.objects.filter(pk=id, ended_at=None).first()
    if found is None:
        raise UnknownStandingAuthority("No such standing authority is in force.", authority=id)
    return found


def standing_authorities(
    scope: frozenset[UUID] | None, client: UUID | None = None
) -> QuerySet[StandingAuthority]:
    """Standing authorities of the clients in scope, or of one of them, the next to end first."""
    rows = StandingAuthority.objects.all()
    rows = rows if scope is None else rows.filter(client__in=scope)
    return rows if client is None else rows.filter(client=client)


def covered(client: UUID, purpose: Purpose, on: date) -> bool:
    """AST-2: whether the firm may do this with the client's assets on a day; raises UnknownClient.

    Never while the client is frozen, nor once it is closed.
    """
    if client_of(client).status in STOPPED:
        return False
    form = investor(client, on).classification
    rows = StandingAuthority.objects.filter(client=client, purpose=purpose, ended_at=None)
    return any(covers(form, since=row.starts, ends=row.ends, on=on) for row in rows)


def is_named(paper: Document) -> bool:
    """Whether something rests on a paper already: with its person, a client the person acts or acted for, or
    an application that names the person.
    """
    clients = Authority.objects.filter(person=paper.person).values_list("client", flat=True)
    applications = Party.objects.filter(person=paper.person).values_list("application", flat=True)
    streams = {paper.person, *clients, *applications}
    told = [each.event for stream in streams for each in ledger.events(stream)]
    return any(paper.id in _rested_on(each) for each in told if not isinstance(each, DocumentStored))


def _rested_on(event: Any) -> set[UUID | None]:
    several = (each for name in SEVERAL for each in getattr(event, name, ()))
    return {*(getattr(event, name, None) for name in PAPERS), *several}


def to_announce(day: date, on_their_way: Collection[UUID]) -> list[UUID]:
    """Those of active clients that end within the house's reminder and that nobody was told of, by id.

    `on_their_way` are those with a notice that is still to be sent.
    """
    active = Client.objects.filter(status=ClientStatus.ACTIVE).values("id")
    rows = StandingAuthority.objects.filter(
        client__in=active, ended_at=None, delivered=None, objected=False, ends__range=(day, day + REMINDER)
    ).exclude(pk__in=on_their_way)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def run_out(day: date) -> list[UUID]:
    """Those whose last day has passed, by id."""
    rows = StandingAuthority.objects.filter(ended_at=None, ends__lt=day)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def attorneys_past(day: date) -> list[tuple[UUID, UUID]]:
    """(client, person) of powers of attorney whose last day has passed."""
    rows = Authority.objects.filter(capacity=Capacity.ATTORNEY, ended_at=None, until__lt=day)
    return list(rows.values_list("client", "person"))


def expiring(day: date) -> QuerySet[StandingAuthority]:
    """Those that end within the house's reminder and that silence will not renew, for staff to act on."""
    rows = StandingAuthority.objects.filter(ended_at=None, ends__lte=day + REMINDER)
    return rows.exclude(delivered__lte=F("ends") - NOTICE, objected=False)


def lapsed_without_notice(day: date) -> QuerySet[StandingAuthority]:
    """AST-2: those that lapsed in the last thirty days, untold, and that nothing has replaced."""
    rows = StandingAuthority.objects.filter(end=End.WITHOUT_NOTICE, ends__gte=day - REMINDER)
    replaced = StandingAuthority.objects.filter(
        client=OuterRef("client"), purpose=OuterRef("purpose"), ended_at=None
    )
    return rows.exclude(Exists(replaced))
