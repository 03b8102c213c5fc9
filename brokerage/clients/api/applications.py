"""REST routes of applications: where each stands, and the firm's decisions. No personal data in or out."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from rest_framework import serializers

from brokerage.access.rules import Perm, Principal
from brokerage.http import rest

from .. import commands, queries
from ..models import Application
from ..rules.application import PartyRole, Stage, State
from ..rules.classification import Investor
from ..rules.credit import Ground
from ..rules.mandate import MOST
from ..rules.stages import undone
from ..rules.status import ClientType


class ApplicationOut(rest.Out):
    """An application: its legal form, its state, the client it amends if any, and the client it led to."""

    id = rest.Id()
    form = rest.Choice(ClientType)
    signatures = rest.Whole()
    margin = rest.Flag()
    state = rest.Choice(State)
    amends = rest.Id(allow_null=True)
    client = rest.Id(allow_null=True)
    started_at = rest.Instant()
    moved_at = rest.Instant()


class Undone(serializers.ListField):
    """The steps of an application that are not done; what is still to be judged is told to staff only."""

    def get_attribute(self, instance: Any) -> Any:
        """The steps, None for an applicant."""
        asker: Principal = self.context["asker"]
        return undone(queries.facts(instance)) if asker.clients is None else None


class ApplicationDetailOut(ApplicationOut):
    """An application and, for staff, the steps that are not done yet."""

    undone = Undone(child=rest.Choice(Stage), allow_null=True)


class Applications(rest.ListView):
    """Applications, oldest first; an applicant's own."""

    permission, for_clients, item = Perm.SEE_ONBOARDING, True, ApplicationOut
    order = ("started_at", "id")

    def rows(self) -> QuerySet[Application]:
        """All of them for staff, otherwise those the person started or has a role in."""
        person = None if self.asker.clients is None else self.asker.person
        return queries.applications(person)


class _Application(rest.RestView):
    permission, for_clients, item = Perm.SEE_ONBOARDING, True, ApplicationDetailOut

    def find(self, application: UUID) -> Application:
        """The application, if it exists for the asker."""
        return queries.application(application, of=None if self.asker.clients is None else self.asker.person)


class ApplicationDetail(_Application, rest.DetailView):
    """One application."""


class StartInputs(rest.Inputs):
    """What kind of client, how many must sign together, and whether to borrow; which client, to amend one."""

    form = rest.Choice(ClientType)
    signatures = rest.Whole(min_value=1, max_value=MOST)
    margin = rest.Flag()
    amends = rest.Id(required=False)


class ApplicationStart(rest.CommandView):
    """Begin an application, or one that amends a client; the client's login that sends this fills it in."""

    permission, for_clients, item = None, True, ApplicationOut
    command, inputs, creates = commands.start_application, StartInputs, True

    def arguments(self, found: Any, asked: dict[str, Any]) -> Mapping[str, Any]:
        """The body's members, and the asker as applicant; raises Http404 for another's client."""
        if "amends" in asked:
            self.covered(asked["amends"])
        return {"applicant": self.asker.person, **asked}

    def state(self, value: Any) -> Any:
        """The new application."""
        return queries.application(value)


class _Applicants(_Application, rest.CommandView):
    permission = Perm.MAKE_CLIENTS

    def find(self, application: UUID) -> Application:
        """The application, for staff and for who applied; to others named in it this does not exist."""
        found = super().find(application)
        if self.asker.clients is not None and found.applicant != self.asker.person:
            raise Http404
        return found


class ApplicationSubmit(_Applicants):
    """Hand an application in."""

    command = commands.submit_application


class PartyInputs(rest.Inputs):
    """Whose role, and which."""

    person = rest.Id()
    role = rest.Choice(PartyRole)


class ApplicationRemoveParty(_Applicants):
    """Take a role in a draft from a person."""

    command, inputs = commands.remove_party, PartyInputs


class _Decision(_Application, rest.CommandView):
    permission, for_clients = Perm.MAKE_CLIENTS, False


class IdentityInputs(rest.Inputs):
    """The person, and the paper that proves the details."""

    person = rest.Id()
    document = rest.Id()


class ApplicationIdentify(_Decision):
    """Say that a paper proves a person's details."""

    command, inputs = commands.identify_person, IdentityInputs


class ClassifyInputs(rest.Inputs):
    """As what the client is treated, on which papers; `consents` are signed by as many as sign together."""

    investor = rest.Choice(Investor)
    evidence = rest.Id(required=False)
    evidence_dated = rest.Day(required=False)
    consents = serializers.ListField(child=rest.Id(), max_length=MOST, required=False)
    assessed = rest.Flag(required=False)
    waive = rest.Flag(required=False)


class ApplicationClassify(_Decision):
    """Decide as what the applicant is treated."""

    command, inputs = commands.classify_applicant, ClassifyInputs


class ApplicationKnowledge(_Decision):
    """Judge the recorded answers about knowledge."""

    command = commands.assess_knowledge


class CreditInputs(rest.Inputs):
    """The limit asked for, in Hong Kong dollars, why it may be given, and the dated paper that shows it."""

    requested = rest.Amount()
    grounds = serializers.ListField(child=rest.Choice(Ground), max_length=len(Ground))
    evidence = rest.Id(required=False)
    evidence_dated = rest.Day(required=False)


class ApplicationCredit(_Decision):
    """Propose a credit limit on the stressed net worth."""

    permission = Perm.MAKE_LIMITS
    command, inputs = commands.assess_applicant_credit, CreditInputs


class ReasonInputs(rest.Inputs):
    """Why, as a code or case number."""

    reason = rest.Text(max_length=32)


class ApplicationReturn(_Decision):
    """Give an application back to the applicant."""

    command, inputs = commands.return_application, ReasonInputs


class ApplicationRefuse(_Decision):
    """Refuse an applicant."""

    command, inputs = commands.refuse_application, ReasonInputs


class ApproveInputs(rest.Inputs):
    """The reference of a new client, or the papers on which others who sign agree that it is amended."""

    reference = rest.Text(max_length=32, required=False)
    papers = serializers.ListField(child=rest.Id(), max_length=MOST, required=False)


class ApplicationApprove(_Decision):
    """Make the applicant a client, or amend one; a second person approves it."""

    command, inputs = commands.approve_application, ApproveInputs


STEPS = {
    "submit": ApplicationSubmit,
    "remove-party": ApplicationRemoveParty,
    "identify": ApplicationIdentify,
    "classify": ApplicationClassify,
    "knowledge": ApplicationKnowledge,
    "credit": ApplicationCredit,
    "return": ApplicationReturn,
    "refuse": ApplicationRefuse,
    "approve": ApplicationApprove,
}
urlpatterns = [
    path("applications", Applications.as_view(), name="api-applications"),
    path("applications/start", ApplicationStart.as_view(), name="api-application-start"),
    path("applications/<uuid:application>", ApplicationDetail.as_view(), name="api-application"),
    *(
        path(f"applications/<uuid:application>/{name}", view.as_view(), name=f"api-application-{name}")
        for name, view in STEPS.items()
    ),
]
