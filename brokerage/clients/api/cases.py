"""REST routes of alerts, cases and reports (CLI-12), for compliance alone; anybody may raise an alert."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import sealed
from ..commands import cases
from ..models import Alert, Case
from ..queries import cases as cased
from ..rules.cases import AlertGround, AlertState, CaseState, Closing
from ..rules.sealed import LONGEST_NOTE
from .clients import ClientCommand

LONGEST_PAPER = 900_000
"""Characters of Base64: what fits into a body of a megabyte. Larger papers are added on the desk's page."""


class AlertOut(rest.Out):
    """An alert, without its words."""

    id = rest.Id()
    client = rest.Id()
    ground = rest.Choice(AlertGround)
    state = rest.Choice(AlertState)
    case = rest.Id(allow_null=True)
    raised_at = rest.Instant()


class AlertDetailOut(AlertOut):
    """An alert and its words; null where a rule raised it."""

    words = rest.Text(allow_null=True)


class Alerts(rest.ListView):
    """Alerts that wait for somebody, the oldest first."""

    permission, item, order = Perm.MANAGE_CASES, AlertOut, ("raised_at", "id")

    class Filters(rest.Paged):
        """Narrow the list."""

        client = rest.Id(required=False)
        ground = rest.Choice(AlertGround, required=False)

    parameters = Filters

    def rows(self) -> QuerySet[Alert]:
        """Every alert that waits."""
        wanted = self.filters("client", "ground")
        return cased.open_alerts().filter(**wanted)


class _Alert(rest.RestView):
    permission = Perm.MANAGE_CASES
    item: ClassVar[type[rest.Out]] = AlertOut

    def find(self, alert: UUID) -> Alert:
        """The alert, whether or not it still waits: a key may come again."""
        return get_object_or_404(Alert, pk=alert)


class AlertDetail(_Alert, rest.DetailView):
    """One alert with its words."""

    item = AlertDetailOut

    def shown(self, found: Alert) -> dict[str, Any]:
        """The alert, opened."""
        words = sealed.text(found.id, found.text) if found.text else None
        return {**AlertOut(found).data, "words": words}


class RaiseInputs(rest.Inputs):
    """What was seen; only compliance reads the words."""

    ground = rest.Choice(AlertGround)
    text = rest.Text(max_length=LONGEST_NOTE)


class RaiseAlert(ClientCommand):
    """Tell compliance of a concern about the client. The answer says nothing of what becomes of it."""

    permission = Perm.RAISE_ALERTS
    command, inputs = cases.raise_alert, RaiseInputs
    changes = False  # the alert is on a stream of its own: the client is as it was


class DismissInputs(rest.Inputs):
    """Why the alert needs no case."""

    reason = rest.Choice(Closing)


class DismissAlert(_Alert, rest.CommandView):
    """Decide that the alert needs no case."""

    command, inputs = cases.dismiss_alert, DismissInputs


class JoinInputs(rest.Inputs):
    """The case about the same client that looks into it."""

    case = rest.Id()


class JoinAlert(_Alert, rest.CommandView):
    """Look into the alert in a case that goes on."""

    command, inputs = cases.join_alert, JoinInputs


class CaseOut(rest.Out):
    """A case, without its notes."""

    id = rest.Id()
    client = rest.Id()
    state = rest.Choice(CaseState)
    report_number = rest.Text()
    filed = rest.Day(allow_null=True)
    opened_at = rest.Instant()
    closed_at = rest.Instant(allow_null=True)


class NoteOut(rest.Out):
    """What was noted; the words of a note, null for a paper of the format `media`."""

    id = rest.Id()
    media = rest.Text()
    added_at = rest.Instant()
    words = rest.Text(allow_null=True)


class CaseDetailOut(CaseOut):
    """A case with its alerts and notes, and the closure that was proposed."""

    closure_reason = rest.Choice(Closing, allow_blank=True)
    closure_by = rest.Id(allow_null=True)
    alerts = AlertOut(many=True)
    notes = NoteOut(many=True)


class Cases(rest.ListView):
    """Cases, the oldest first."""

    permission, item, order = Perm.MANAGE_CASES, CaseOut, ("opened_at", "id")

    class Filters(rest.Paged):
        """Narrow the list."""

        client = rest.Id(required=False)
        state = rest.Choice(CaseState, required=False)

    parameters = Filters

    def rows(self) -> QuerySet[Case]:
        """Every case."""
        wanted = self.filters("client", "state")
        return cased.cases().filter(**wanted)


class _Case(rest.RestView):
    permission, item = Perm.MANAGE_CASES, CaseDetailOut

    def find(self, case: UUID) -> Case:
        """The case with what belongs to it."""
        found: Any = cased.case(case)
        found.alerts, found.notes = cased.alerts_of(case), cased.notes(case)
        for note in found.notes:
            note.words = sealed.text(case, note.id) if note.media == cases.TEXT else None
        return found  # type: ignore[no-any-return]


class CaseDetail(_Case, rest.DetailView):
    """One case."""


class OpenCase(_Alert, rest.CommandView):
    """Look into an alert in a case of its own."""

    item, creates = CaseOut, True
    command = cases.open_case

    def state(self, value: Any) -> Any:
        """The new case."""
        return cased.case(value)


class NoteInputs(rest.Inputs):
    """The words."""

    text = rest.Text(max_length=LONGEST_NOTE)


class NoteCase(_Case, rest.CommandView):
    """Add a sealed note."""

    command, inputs = cases.note_case, NoteInputs


class EvidenceInputs(rest.Inputs):
    """A paper in Base64."""

    content = rest.Text(max_length=LONGEST_PAPER)


class AddEvidence(_Case, rest.CommandView):
    """Add a sealed paper."""

    command, inputs = cases.add_evidence, EvidenceInputs

    def arguments(self, found: Any, asked: dict[str, Any]) -> Mapping[str, Any]:
        """The paper's bytes; raises ValidationError for what is no Base64."""
        try:
            content = base64.b64decode(asked["content"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValidationError({"content": [_("Send the paper in Base64.")]}) from error
        return {**self.kwargs, "content": content}


class ReportInputs(rest.Inputs):
    """The number under which the unit took the report, and the day it was filed."""

    number = rest.Text(max_length=32)
    filed = rest.Day()


class ReportCase(_Case, rest.CommandView):
    """Record that a report was filed with the financial intelligence unit."""

    command, inputs = cases.report_case, ReportInputs


class ProposeClosure(_Case, rest.CommandView):
    """Propose to close the case without a report; another person agrees."""

    command, inputs = cases.propose_closure, DismissInputs


class CloseCase(_Case, rest.CommandView):
    """Close a reported case, or agree to another person's proposal."""

    command = cases.close_case


ALERT_ACTS = {"open-case": OpenCase, "dismiss": DismissAlert, "join": JoinAlert}
CASE_ACTS = {
    "note": NoteCase,
    "add-evidence": AddEvidence,
    "report": ReportCase,
    "propose-closure": ProposeClosure,
    "close": CloseCase,
}
urlpatterns = [
    path("clients/<uuid:client>/raise-alert", RaiseAlert.as_view(), name="api-client-raise-alert"),
    path("alerts", Alerts.as_view(), name="api-alerts"),
    path("alerts/<uuid:alert>", AlertDetail.as_view(), name="api-alert"),
    *(
        path(f"alerts/<uuid:alert>/{name}", view.as_view(), name=f"api-alert-{name}")
        for name, view in ALERT_ACTS.items()
    ),
    path("cases", Cases.as_view(), name="api-cases"),
    path("cases/<uuid:case>", CaseDetail.as_view(), name="api-case"),
    *(
        path(f"cases/<uuid:case>/{name}", view.as_view(), name=f"api-case-{name}")
        for name, view in CASE_ACTS.items()
    ),
]
