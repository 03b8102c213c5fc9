"""REST routes of margin calls: as they stand, what would meet them, and why they were made."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers

from brokerage.access.rules import Perm
from brokerage.http import rest
from brokerage.ledger import codec, seams

from .. import explanation, outlook, past, queries
from ..models import Call
from ..rules.lifecycle import Stage
from .accounts import PartOut


class CallOut(rest.Out):
    """A margin call as it stands, in the account's currency."""

    id = rest.Id()
    account = rest.Id(source="account_id")
    stage = rest.Choice(Stage)
    is_open = rest.Flag()
    currency = rest.Code()
    amount = rest.Amount()
    securities_left = rest.Amount()
    va_left = rest.Amount()
    shortfall = rest.Amount()
    lending_value = rest.Amount()
    loan = rest.Amount()
    price_set = rest.Id()
    policy_version = rest.Whole()
    issued_at = rest.Instant()
    securities_due_at = rest.Instant(allow_null=True)
    va_due_at = rest.Instant(allow_null=True)
    ended_at = rest.Instant(allow_null=True)
    event = rest.Text(source="reference")


class CuresOut(rest.Out):
    """What meets a call at the newest prices: that much cash, or any one of the assets."""

    cash = rest.Amount()
    assets = PartOut(many=True)


class CallDetailOut(CallOut):
    """A margin call, and what would meet it while it is open."""

    cures = CuresOut(allow_null=True)


class FormulaOut(rest.Out):
    """One step: what is computed, the sum with its numbers, and its result in the account's currency."""

    name = rest.Text()
    sum = rest.Text()
    result = rest.Amount(signed=True)


class ExplanationOut(rest.Out):
    """Why a call was made: `evidence` is the data of margin.call-issued, whose schema event-kinds has."""

    call = rest.Id(source="event.call")
    event = rest.Text(source="reference")
    agrees = rest.Flag()
    evidence = serializers.SerializerMethodField()
    formulas = FormulaOut(many=True)
    history = serializers.SerializerMethodField()

    def get_evidence(self, found: explanation.Explanation) -> dict[str, Any]:
        """Prices with sources and times, terms, policy version and each position's arithmetic."""
        stored: dict[str, Any] = codec.plain(found.event)
        return stored

    def get_history(self, found: explanation.Explanation) -> list[str]:
        """The events of the call, in order."""
        return [recorded.reference for recorded in found.history]


class Calls(rest.ListView):
    """Margin calls, newest first."""

    permission, for_clients, item = Perm.SEE_MARGIN, True, CallOut
    order = ("-issued_at", "id")

    class Filters(rest.Paged):
        """Narrow the list."""

        account = rest.Id(required=False)
        is_open = rest.Flag(required=False)

    parameters = Filters

    def rows(self) -> QuerySet[Call]:
        """The calls on accounts of the asker's clients."""
        wanted = self.filters("account", "is_open")
        return queries.calls(self.asker.clients).filter(**wanted)


class _Call(rest.RestView):
    permission, for_clients = Perm.SEE_MARGIN, True
    item: ClassVar[type[rest.Out]] = CallOut

    def find(self, call: UUID) -> Any:
        """The call, if it is on an account of one of the asker's clients."""
        found = queries.call(call)
        self.covered(found.account.client)
        return found

    def stream(self, found: Any) -> UUID | None:
        """A call's events stand on its account's stream."""
        account: UUID = found.account_id
        return account


class CallDetail(_Call, rest.DetailView):
    """One margin call, and what would meet it."""

    item = CallDetailOut

    def shown(self, found: Any) -> dict[str, Any]:
        """The call with its cures at the newest prices."""
        standing = past.standing(found.account, seams.now()) if found.is_open else None
        cures = outlook.cures(standing) if standing else None
        return {**CallOut(found).data, "cures": cures and CuresOut(cures).data}


class CallExplanation(_Call, rest.DetailView):
    """Why a call was made, recomputable to the cent."""

    item = ExplanationOut

    def find(self, call: UUID) -> Any:
        """The explanation of the call."""
        super().find(call)
        return explanation.explain(call)

    def stream(self, found: Any) -> None:
        """What a call rests on never changes."""


urlpatterns = [
    path("margin-calls", Calls.as_view(), name="api-margin-calls"),
    path("margin-calls/<uuid:call>", CallDetail.as_view(), name="api-margin-call"),
    path("margin-calls/<uuid:call>/explanation", CallExplanation.as_view(), name="api-explanation"),
]
