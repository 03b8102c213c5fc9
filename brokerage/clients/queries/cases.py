"""Alerts and cases, for whoever may see restricted streams; an edge checks that before it asks."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from ..models.cases import Alert, Case, CaseNote
from ..models.complaints import Complaint
from ..rules.cases import AlertState, CaseState, UnknownAlert, UnknownCase


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


def settled_about(clients: Iterable[UUID]) -> list[UUID]:
    """What was said about clients and is over: complaints, dismissed alerts, closed cases, their alerts."""
    about = list(clients)
    closed = Case.objects.filter(client__in=about, state=CaseState.CLOSED).values("id")
    over = Q(state=AlertState.DISMISSED) | Q(case__in=closed)
    rows: tuple[QuerySet[Any], ...] = (
        Complaint.objects.filter(client__in=about),
        Alert.objects.filter(over, client__in=about),
        closed,
    )
    return [id for each in rows for id in each.values_list("id", flat=True)]
