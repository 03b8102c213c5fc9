"""How much applicants have brought in, for the bounds on it."""

from datetime import datetime
from uuid import UUID

from brokerage.ledger import queries as ledger

from ..events.invitation import PartyInvited
from ..models import Application, Party, VaultRecord


def applications_begun(applicant: UUID, *, since: datetime) -> int:
    """How many applications a person began since an instant."""
    return Application.objects.filter(applicant=applicant, started_at__gt=since).count()


def named_ever(application: UUID) -> int:
    """How many roles were given in an application, those taken away again included."""
    return Party.objects.filter(application=application).count()


def sealed_for(applicant: UUID, *, since: datetime) -> int:
    """How many records were sealed since an instant of a person and of all it ever named in applications."""
    mine = Application.objects.filter(applicant=applicant).values("id")
    named = Party.objects.filter(application__in=mine).values_list("person", flat=True)
    return VaultRecord.objects.filter(person__in={applicant, *named}, sealed_at__gt=since).count()


def invitations_sent(application: UUID, *, since: datetime) -> int:
    """How many invitations left from an application since an instant."""
    events = ledger.events(application)
    return sum(isinstance(each.event, PartyInvited) and each.effective_at > since for each in events)
