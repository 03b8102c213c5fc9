"""Alerts and cases, for whoever may see restricted streams; an edge checks that before it asks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from ..models.cases import Alert, Case, CaseNote
from ..models.complaints import Complaint
from ..rules.cases import AlertState, CaseState, UnknownAlert, UnknownCase
from .person import clients_under_hold


def open_alerts() -> QuerySet[Alert]:
    """Alerts that wait for somebody, the oldest first."""
    return Alert.objects.filter(state=AlertState.OPEN)


def alert(id: UUID) -> Alert:
    """The alert of that id that waits for somebody; raises UnknownAlert."""
    found = open_alerts().filter(pk=id).first()
    if found is None:
        raise UnknownAlert("No such alert waits for anybody.", alert=id)
    return found


def cases(*, ended: bool | None = None) -> QuerySet[Case]:
    """Cases, the newest first; only those that go on or only the closed ones."""
    rows = Case.objects.all()
    if ended is None:
        return rows
    return rows.filter(state=CaseState.CLOSED) if ended else rows.exclude(state=CaseState.CLOSED)


def case(id: UUID) -> Case:
    """The case of that id; raises UnknownCase."""
    found = Case.objects.filter(pk=id).first()
    if found is None:
        raise UnknownCase("There is no such case.", case=id)
    return found


def notes(case: UUID) -> list[CaseNote]:
    """What was noted in a case, oldest first."""
    return list(CaseNote.objects.filter(case=case))


def alerts_of(case: UUID) -> list[Alert]:
    """The alerts that a case looks into, oldest first."""
    return list(Alert.objects.filter(case=case))


def ended_by(moment: datetime) -> list[UUID]:
    """Complaints closed, alerts dismissed and cases closed by then, with the alerts of those cases.

    Left out are those about clients with a legal hold on the records of somebody behind them.
    """
    closed = Case.objects.filter(closed_at__lte=moment)
    rows: tuple[QuerySet[Any], ...] = (
        Complaint.objects.filter(closed_at__lte=moment),
        Alert.objects.filter(Q(dismissed_at__lte=moment) | Q(case__in=closed.values("id"))),
        closed,
    )
    held = clients_under_hold()
    return [id for each in rows for id, client in each.values_list("id", "client") if client not in held]
