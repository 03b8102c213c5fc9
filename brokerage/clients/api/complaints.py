"""REST routes of the complaints register (CMP-1)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from brokerage.access.rules import Perm
from brokerage.http import rest

from .. import sealed
from ..commands import complaints
from ..models import Complaint
from ..queries import complaints as register
from ..rules.complaints import Channel, Outcome, Stage, Subject
from ..rules.sealed import LONGEST_NOTE


class ComplaintOut(rest.Out):
    """A complaint with its dates, without its words."""

    id = rest.Id()
    client = rest.Id(allow_null=True)
    subject = rest.Choice(Subject)
    channel = rest.Choice(Channel)
    stage = rest.Choice(Stage)
    received = rest.Day()
    acknowledge_by = rest.Day()
    answer_by = rest.Day()


class ComplaintDetailOut(ComplaintOut):
    """A complaint and its words, for the client and for whoever may see personal data; null for others."""

    outcome = rest.Choice(Outcome, allow_blank=True)
    text = rest.Text(allow_null=True)
    answer = rest.Text(allow_null=True)


class Complaints(rest.ListView):
    """Complaints, the next answer due first."""

    permission, for_clients, item, order = Perm.SEE_CLIENTS, True, ComplaintOut, ("answer_by", "id")

    class Filters(rest.Paged):
        """Narrow the list."""

        client = rest.Id(required=False)
        stage = rest.Choice(Stage, required=False)

    parameters = Filters

    def rows(self) -> QuerySet[Complaint]:
        """Those of the asker's clients."""
        wanted = self.filters("client", "stage")
        return register.complaints(self.asker.clients).filter(**wanted)


class _Complaint(rest.RestView):
    permission, for_clients, item = Perm.SEE_CLIENTS, True, ComplaintDetailOut

    def find(self, complaint: UUID) -> Complaint:
        """The complaint of one of the asker's clients, its words opened to the entitled."""
        return register.complaint(complaint, self.asker.clients)

    def shown(self, found: Complaint) -> dict[str, Any]:
        """The complaint as the asker may see it."""
        words = {"text": found.text, "answer": found.answer}
        entitled = self.asker.clients is not None or self.asker.may(Perm.SEE_PERSONAL)
        opened = {
            name: sealed.text(found.id, text) if entitled and text else None for name, text in words.items()
        }
        return {**ComplaintOut(found).data, "outcome": found.outcome, **opened}


class ComplaintDetail(_Complaint, rest.DetailView):
    """One complaint."""


class ReceiveInputs(rest.Inputs):
    """What came in, from which client (none for somebody else), how, and when if not today."""

    client = rest.Id(required=False)
    subject = rest.Choice(Subject)
    channel = rest.Choice(Channel)
    received = rest.Day(required=False)
    text = rest.Text(max_length=LONGEST_NOTE)


class ReceiveComplaint(_Complaint, rest.CommandView):
    """Enter a complaint. A client complains in its own name, through the portal, today."""

    permission, creates = Perm.MAKE_WATCH, True
    command, inputs = complaints.receive_complaint, ReceiveInputs

    def find(self) -> None:  # type: ignore[override]
        """Nothing stands yet."""

    def arguments(self, found: Any, asked: dict[str, Any]) -> Mapping[str, Any]:
        """The body's members; raises ValidationError for what only staff may say, Http404 for another's."""
        if self.asker.clients is None:
            return {"client": None, **asked}
        if "client" not in asked or "received" in asked or asked["channel"] is not Channel.PORTAL:
            raise ValidationError({"channel": [_("Name your client, the channel portal, and no other day.")]})
        self.covered(asked["client"])
        return asked

    def state(self, value: Any) -> Any:
        """The new complaint."""
        return register.complaint(value)


class _Step(_Complaint, rest.CommandView):
    permission, for_clients = Perm.MAKE_WATCH, False


class AcknowledgeComplaint(_Step):
    """The complainant was told that the firm looks into it."""

    command = complaints.acknowledge_complaint


class AnswerInputs(rest.Inputs):
    """What the answer says, in a word and as it was sent."""

    outcome = rest.Choice(Outcome)
    text = rest.Text(max_length=LONGEST_NOTE)


class AnswerComplaint(_Step):
    """Record the answer."""

    command, inputs = complaints.answer_complaint, AnswerInputs


class CloseComplaint(_Step):
    """Close a complaint that was answered."""

    command = complaints.close_complaint


ACTS = {"acknowledge": AcknowledgeComplaint, "answer": AnswerComplaint, "close": CloseComplaint}
urlpatterns = [
    path("complaints", Complaints.as_view(), name="api-complaints"),
    path("complaints/receive", ReceiveComplaint.as_view(), name="api-complaint-receive"),
    path("complaints/<uuid:complaint>", ComplaintDetail.as_view(), name="api-complaint"),
    *(
        path(f"complaints/<uuid:complaint>/{name}", view.as_view(), name=f"api-complaint-{name}")
        for name, view in ACTS.items()
    ),
]
