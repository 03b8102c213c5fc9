"""Who is behind a client: those who act for it, and those whom its newest approved application names.

Whoever only an older one names is history: retention counts it (`queries.person`), nothing here does.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from brokerage.ledger import queries as ledger
from brokerage.ledger.registry import Recorded

from ..events import AuthorityEnded, AuthorityGranted
from ..models import Application, Authority, Party
from ..rules.application import OPEN, PartyRole, State
from ..rules.application import Party as Part
from ..rules.authority import CAPACITY, Capacity

BEHIND = frozenset(PartyRole) - frozenset(CAPACITY)
"""The roles that tell who is behind a client; whether holders and signatories act, their authority tells."""
ON_RECORD = BEHIND | {PartyRole.HOLDER}
"""Those, and who holds the client, whether or not he still acts."""
NEWEST = ("-decided_at", "-id")


def resting() -> QuerySet[Application]:
    """The application that each client rests on: the newest approved one."""
    newest = Application.objects.filter(client=OuterRef("client")).order_by(*NEWEST)
    return Application.objects.filter(client__isnull=False, id=Subquery(newest.values("id")[:1]))


def application_behind(client: UUID, *, at: datetime | None = None) -> Application | None:
    """The application that a client rests on, or rested on at a time; None for a client of an import."""
    approved = Application.objects.filter(client=client).order_by(*NEWEST)
    return (approved if at is None else approved.filter(decided_at__lte=at)).first()


def amended_by(found: Application) -> list[Application]:
    """The applications that an amendment amends, the one the client rested on first; none of a new client."""
    if found.amends is None:
        return []
    before = Application.objects.filter(client=found.amends, decided_at__lte=found.started_at)
    return list(before.exclude(pk=found.id).order_by(*NEWEST))


def is_amended(client: UUID) -> bool:
    """Whether an amendment of the client is open."""
    return Application.objects.filter(amends=client, state__in=OPEN).exists()


def people_behind(client: UUID) -> frozenset[UUID]:
    """Whose papers speak of a client: those who act for it, and those its application names."""
    acting = Authority.objects.filter(client=client, ended_at=None).values_list("person", flat=True)
    return frozenset(acting) | {each.person for each in _named(client, PartyRole)}


def owners(client: UUID) -> frozenset[UUID]:
    """Who a client is: those who hold it, or the entity that its application names."""
    holding = Authority.objects.filter(client=client, capacity=Capacity.HOLDER, ended_at=None)
    held = frozenset(holding.values_list("person", flat=True))
    return held | {each.person for each in _named(client, (PartyRole.ENTITY,))}


def clients_behind(person: UUID, *roles: PartyRole) -> frozenset[UUID]:
    """The clients whose applications name a person who is, runs, owns or benefits from them, in any role."""
    named = Party.objects.filter(person=person, removed_at=None, role__in=roles or BEHIND)
    rested = resting().filter(id__in=named.values("application"))
    return frozenset(each.client for each in rested if each.client)


def parties_behind(client: UUID, *, at: datetime | None = None) -> list[Party]:
    """Who is, runs, owns or benefits from a client, by the application that it rests on, or did at a time."""
    return list(_named(client, BEHIND, at=at))


def parties_on_record(client: UUID, *, at: datetime | None = None) -> list[Party]:
    """Who holds a client, acting or not, or is, runs, owns or benefits from it, as `parties_behind` tells."""
    return list(_named(client, ON_RECORD, at=at))


def stopped(found: Application, before: Iterable[Part]) -> frozenset[Part]:
    """Those of the parts behind an amended client whose authority had ended by the decision, or by now."""
    if found.amends is None:
        return frozenset()
    decision = None if found.state in OPEN else ledger.events(found.id)[-1]
    return _signing(before) - _acting(found.amends, before=decision)


def overtaken(found: Application, wanted: Iterable[Part]) -> frozenset[Part]:
    """Those who are to sign and were stopped from it after an open amendment was begun.

    What was proved of them in it was proved before they were stopped.
    """
    if found.amends is None or found.state not in OPEN:
        return frozenset()
    begun = ledger.events(found.id)[0]
    return _signing(wanted) & _acting(found.amends, before=begun) - _acting(found.amends)


def _signing(parts: Iterable[Part]) -> frozenset[Part]:
    return frozenset(part for part in parts if part.role in CAPACITY)


def _acting(client: UUID, *, before: Recorded | None = None) -> frozenset[Part]:
    """In which parts people sign for a client now, or did before an event by the order of the book.

    Not by the time of day: that is taken before streams are locked.
    """
    acting: set[tuple[UUID, Capacity]] = set()
    for each in ledger.events(client):
        if before and (each.seq > before.seq or each.entry == before.entry):
            break
        if isinstance(each.event, AuthorityGranted):
            acting.add((each.event.person, each.event.capacity))
        elif isinstance(each.event, AuthorityEnded):
            acting.discard((each.event.person, each.event.capacity))
    return frozenset(
        Part(person, role) for role, as_what in CAPACITY.items() for person, what in acting if what is as_what
    )


def _named(client: UUID, roles: Iterable[PartyRole], *, at: datetime | None = None) -> QuerySet[Party]:
    found = application_behind(client, at=at)
    named = Party.objects.filter(removed_at=None, role__in=list(roles))
    return named.filter(application=found.id) if found else named.none()


def decided_on(person: UUID) -> bool:
    """Whether an application that names a person was refused, or is one that a client rests on."""
    named = Party.objects.filter(person=person, removed_at=None).values("application")
    refused = Application.objects.filter(id__in=named, state=State.REFUSED)
    return refused.exists() or resting().filter(id__in=named).exists()
