"""The complaints register, within what the asker may see."""

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from ..models.complaints import Complaint
from ..rules.complaints import Stage, UnknownComplaint


def complaints(scope: frozenset[UUID] | None) -> QuerySet[Complaint]:
    """Complaints of the clients in scope; all of them, strangers' too, without one."""
    rows = Complaint.objects.all()
    return rows if scope is None else rows.filter(client__in=scope)


def complaint(id: UUID, scope: frozenset[UUID] | None = None) -> Complaint:
    """The complaint of that id in scope; raises UnknownComplaint."""
    found = complaints(scope).filter(pk=id).first()
    if found is None:
        raise UnknownComplaint("There is no such complaint.", complaint=id)
    return found


def overdue(day: date) -> QuerySet[Complaint]:
    """Complaints whose acknowledgement or answer was due before a day and is missing."""
    late = Q(stage=Stage.RECEIVED, acknowledge_by__lt=day)
    late |= Q(stage__in=(Stage.RECEIVED, Stage.ACKNOWLEDGED), answer_by__lt=day)
    return Complaint.objects.filter(late)
