"""REST routes of approvals: what was proposed, and what becomes of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from brokerage.http import rest
from brokerage.ledger.commands import Receipt
from brokerage.ledger.entry import Context

from . import commands, queries
from .models import Proposal
from .rules import Perm, ProposalState


class Show(StrEnum):
    """Whose proposals: everybody's, the caller's own, or those the caller may approve now."""

    ALL = "all"
    MINE = "mine"
    WAITING = "waiting"


class ProposalOut(rest.Out):
    """A command that one person asked for, and what became of it. Who they are, by the ids of persons."""

    id = rest.Id()
    command = serializers.CharField()
    inputs = serializers.DictField()
    digest = serializers.CharField()
    permission = serializers.CharField()
    maker = rest.Id()
    client = rest.Id(allow_null=True)
    account = rest.Id(allow_null=True)
    made_at = rest.Instant()
    expires_at = rest.Instant()
    state = rest.Choice(ProposalState)
    decided_by = rest.Id(allow_null=True)
    decided_at = rest.Instant(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class Approvals(rest.ListView):
    """Proposals, newest first: all, the caller's own, or those that wait for the caller."""

    permission, item = Perm.SEE_APPROVALS, ProposalOut
    order = ("-made_at", "-id")

    class Filters(rest.Paged):
        """Narrow the list."""

        show = rest.Choice(Show, required=False, default=Show.ALL)
        state = rest.Choice(ProposalState, required=False)
        command = rest.Text(required=False, max_length=100)

    parameters = Filters

    def rows(self) -> QuerySet[Proposal]:
        """The proposals asked for."""
        show, asker = self.asked["show"], self.asker
        rows = queries.proposals(asker.clients)
        if show is Show.MINE:
            rows = queries.made_by(asker.person, rows)
        elif show is Show.WAITING:
            rows = queries.waiting_for(asker.person, asker.permissions, rows)
        return rows.filter(**self.filters("state", "command"))


class _Approval(rest.RestView):
    """What the routes of one proposal share; the commands check who may decide on it."""

    permission, item = Perm.SEE_APPROVALS, ProposalOut

    def find(self, proposal: UUID) -> Proposal:
        """The proposal, if it exists for the caller."""
        return queries.proposal(proposal, self.asker.clients)


class Approval(_Approval, rest.DetailView):
    """One proposal."""


class ApprovalApprove(_Approval, rest.CommandView):
    """Approve a proposal as another person, and carry it out.

    The digest is that of the proposal as it was read. The command runs now, in one entry under both
    names; if it refuses, the proposal stays open and the answer is the command's own problem.
    """

    class Inputs(rest.Inputs):
        """What is approved."""

        digest = rest.Text(min_length=64, max_length=64)

    inputs = Inputs

    def arguments(self, found: Any, asked: dict[str, Any]) -> Mapping[str, Any]:
        """The proposal, the digest and what the caller may approve."""
        return {"proposal": found.pk, **asked, "permissions": self.asker.permissions}

    def run(self, asked: Context, inputs: Mapping[str, Any]) -> Receipt[Any]:
        """Approve it: what decides on a proposal is never proposed itself."""
        return commands.approve(asked, **inputs)


class ApprovalReject(_Approval, rest.CommandView):
    """Reject a proposal of another person, for a reason: a code or a few words, no personal data."""

    class Inputs(rest.Inputs):
        """Why."""

        reason = rest.Text(max_length=200)

    inputs = Inputs

    def arguments(self, found: Any, asked: dict[str, Any]) -> Mapping[str, Any]:
        """The proposal, the reason and what the caller may approve."""
        return {"proposal": found.pk, **asked, "permissions": self.asker.permissions}

    def run(self, asked: Context, inputs: Mapping[str, Any]) -> Receipt[Any]:
        """Reject it: what decides on a proposal is never proposed itself."""
        return commands.reject(asked, **inputs)


class ApprovalWithdraw(_Approval, rest.CommandView):
    """Take one's own proposal back."""

    command = commands.withdraw_proposal


urlpatterns = [
    path("approvals", Approvals.as_view(), name="api-approvals"),
    path("approvals/<uuid:proposal>", Approval.as_view(), name="api-approval"),
    path("approvals/<uuid:proposal>/approve", ApprovalApprove.as_view(), name="api-approval-approve"),
    path("approvals/<uuid:proposal>/reject", ApprovalReject.as_view(), name="api-approval-reject"),
    path("approvals/<uuid:proposal>/withdraw", ApprovalWithdraw.as_view(), name="api-approval-withdraw"),
]
