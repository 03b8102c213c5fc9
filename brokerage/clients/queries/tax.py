"""Whose tax certificates stand, and whose are to be given anew (CARF)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from brokerage.ledger import queries as ledger
from brokerage.market.rules.calendars import hong_kong_date

from ..events.person import PersonRecorded
from ..events.standing import TaxCircumstancesChanged
from ..models import Client, TaxStatus
from ..rules.application import PartyRole
from ..rules.stages import CONTROLLERS
from ..rules.status import ClientStatus
from ..rules.tax import valid_until
from ..rules.terms import terms
from .behind import clients_behind, parties_behind, people_behind
from .holds import clients_of, is_closed


@dataclass(frozen=True, slots=True)
class Due:
    """A certificate to be given anew: whose, by when, and whether that has passed."""

    person: UUID
    until: datetime
    overdue: bool


def last_change(person: UUID) -> date | None:
    """The day of the newest change that a person's certificate does not cover; None while it stands."""
    if not TaxStatus.objects.filter(pk=person, record__isnull=False, changed_at__isnull=False).exists():
        return None
    changes = (TaxCircumstancesChanged, PersonRecorded)
    newest = [each.effective_at for each in ledger.events(person) if isinstance(each.event, changes)][-1]
    return hong_kong_date(newest)


def uncertified_controllers(entity: UUID) -> list[UUID]:
    """Who controls or benefits from the clients that an entity is, and has no certificate nor is asked for
    one, by id. Once the entity is passive they must give one.
    """
    people = {
        each.person
        for client in clients_behind(entity, PartyRole.ENTITY)
        if not is_closed(client)
        for each in parties_behind(client)
        if each.role in CONTROLLERS
    }
    told = TaxStatus.objects.filter(Q(record__isnull=False) | Q(changed_at__isnull=False), pk__in=people)
    return sorted(people - set(told.values_list("pk", flat=True)))


def certified_behind(client: UUID) -> list[UUID]:
    """Those behind a client who certified their tax residence, by id."""
    rows = TaxStatus.objects.filter(pk__in=people_behind(client), record__isnull=False)
    return sorted(rows.values_list("pk", flat=True))


def certificates_due(at: datetime, people: Iterable[UUID] | None = None) -> list[Due]:
    """Certificates whose ground has changed, and first ones of who controls what became passive: of these
    people or of everybody, the first to end first.
    """
    rows = TaxStatus.objects.filter(changed_at__isnull=False).order_by("changed_at")
    if people is not None:
        rows = rows.filter(pk__in=list(people))
    figures = terms(hong_kong_date(at))
    ends = [(row.pk, valid_until(changed, figures)) for row in rows if (changed := row.changed_at)]
    return [Due(person, until, until <= at) for person, until in ends]


def certificates_to_chase(at: datetime) -> list[tuple[Due, list[UUID]]]:
    """Certificates to be given anew by people behind clients that are not closed, each with those clients."""
    return [(due, clients) for due in certificates_due(at) if (clients := _not_closed(due.person))]


def _not_closed(person: UUID) -> list[UUID]:
    rows = Client.objects.filter(id__in=clients_of(person)).exclude(status=ClientStatus.CLOSED)
    return list(rows.values_list("id", flat=True))
