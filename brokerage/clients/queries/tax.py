"""Whose tax certificates stand, and whose are to be given anew (CARF)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brokerage.market.rules.calendars import hong_kong_date

from ..models import Client, TaxStatus
from ..rules.status import ClientStatus
from ..rules.tax import valid_until
from ..rules.terms import terms
from .holds import clients_of
from .person import people_behind


@dataclass(frozen=True, slots=True)
class Due:
    """A certificate to be given anew: whose, by when, and whether that has passed."""

    person: UUID
    until: datetime
    overdue: bool


def certified_behind(client: UUID) -> list[UUID]:
    """Those behind a client who certified their tax residence, by id."""
    rows = TaxStatus.objects.filter(pk__in=people_behind(client), record__isnull=False)
    return sorted(rows.values_list("pk", flat=True))


def certificates_due(at: datetime, people: Iterable[UUID] | None = None) -> list[Due]:
    """Certificates whose ground has changed, of these people or of everybody, the first to end first."""
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
