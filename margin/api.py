"""REST routes of margin: accounts that may borrow, their standing, their calls and why these were made."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path
from rest_framework import serializers

from brokerage.access.rules import Perm
from brokerage.http import rest
from brokerage.http.rest.accounts import AssetInputs, BalanceOut, balances
from brokerage.ledger import codec

from . import commands, explanation, queries
from .models import Call, MarginAccount, Valuation
from .rules.calls import Health
from .rules.lifecycle import Stage


class MarginAccountOut(rest.Out):
    """An account that may borrow up to its limit, in its currency."""

    id = rest.Id()
    client = rest.Id()
    currency = rest.Code()
    credit_limit = rest.Amount()
    warned = rest.Flag()
    open_call = rest.Id(allow_null=True)
    opened_at = rest.Instant()


class MarginHoldingOut(MarginAccountOut):
    """A margin account and its balances; what is owed is below zero."""

    balances = BalanceOut(many=True)


class ValuationOut(rest.Out):
    """The account at the last revaluation, in its currency; requirements rounded up, collateral down.

    Positions that have no price, so many as `unpriced` says, count as nothing.
    """

    account = rest.Id(source="account_id")
    currency = rest.Code(source="account.currency")
    health = rest.Choice(Health)
    loan = rest.Amount()
    credit_limit = rest.Amount()
    market_value = rest.Amount()
    lending_value = rest.Amount()
    shortfall = rest.Amount()
    call_amount = rest.Amount()
    unpriced = rest.Whole()
    price_set = rest.Id()
    policy_version = rest.Whole()
    valued_at = rest.Instant()


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


class MarginAccounts(rest.ListView):
    """Margin accounts, oldest first."""

    permission, for_clients, item = Perm.SEE_MARGIN, True, MarginAccountOut
    order = ("opened_at", "id")

    class Filters(rest.Paged):
        """Narrow the list."""

        client = rest.Id(required=False)
        warned = rest.Flag(required=False)

    parameters = Filters

    def rows(self) -> QuerySet[MarginAccount]:
        """The accounts of the asker's clients."""
        wanted = {name: self.asked[name] for name in ("client", "warned") if name in self.asked}
        return queries.accounts(self.asker.clients).filter(**wanted)


class _Account(rest.RestView):
    permission, for_clients = Perm.SEE_MARGIN, True
    item: ClassVar[type[rest.Out]] = MarginHoldingOut

    def find(self, account: UUID) -> MarginAccount:
        """The account, if it is one of the asker's clients'."""
        found = queries.account(account)
        self.covered(found.client)
        return found

    def shown(self, found: MarginAccount) -> dict[str, Any]:
        """The account with its balances, as of the time and position asked for."""
        rows = balances(found.id, self.asked)
        return {**MarginAccountOut(found).data, "balances": BalanceOut(rows, many=True).data}


class MarginAccountDetail(_Account, rest.DetailView):
    """One margin account with its balances, now or as of a time and as known at a position."""

    parameters = rest.Past


class ValuationDetail(_Account, rest.DetailView):
    """Where an account stands at the last revaluation."""

    item = ValuationOut

    def find(self, account: UUID) -> Any:
        """The valuation of the account, once there was one."""
        held = super().find(account)
        found = Valuation.objects.select_related("account").filter(account=held.id).first()
        if found is None:
            raise Http404
        return found

    def stream(self, found: Any) -> None:
        """Prices move a valuation, events do not: it has no version."""

    def shown(self, found: Any) -> dict[str, Any]:
        """The valuation."""
        return dict(ValuationOut(found).data)


class WithdrawalInputs(AssetInputs):
    """So much of an asset, at the prices you saw: a set that is no longer the newest is refused."""

    price_set = rest.Id(required=False)


class RepayInputs(rest.Inputs):
    """An amount in the account's currency."""

    amount = rest.Amount()


class TradeInputs(rest.Inputs):
    """What to trade at the prices you saw: a set that is no longer the newest is refused."""

    asset = rest.Code()
    quantity = rest.Amount()
    price_set = rest.Id()


class MarginDeposit(_Account, rest.CommandView):
    """Credit a margin account with what came in from outside."""

    permission, for_clients = Perm.MAKE_PAYMENTS, False
    command, inputs = commands.deposit, AssetInputs


class MarginWithdraw(_Account, rest.CommandView):
    """Pay out of a margin account."""

    permission, for_clients = Perm.MAKE_PAYMENTS, False
    command, inputs = commands.withdraw, WithdrawalInputs


class MarginRepay(_Account, rest.CommandView):
    """Repay what is owed from the account's cash."""

    permission, for_clients = Perm.MAKE_TRADES, False
    command, inputs = commands.repay, RepayInputs


class MarginPurchase(_Account, rest.CommandView):
    """Buy an asset into collateral, with cash first and credit for the rest."""

    permission, for_clients = Perm.MAKE_TRADES, False
    command, inputs = commands.purchase, TradeInputs


class MarginSell(_Account, rest.CommandView):
    """Sell collateral; the proceeds repay what is owed, and cure a call."""

    permission, for_clients = Perm.MAKE_TRADES, False
    command, inputs = commands.sell, TradeInputs


class MarginClose(_Account, rest.CommandView):
    """Close a margin account on which nothing is open, held or owed."""

    permission, for_clients = Perm.MAKE_STATUSES, False
    command = commands.close_account


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
        wanted = {name: self.asked[name] for name in ("account", "is_open") if name in self.asked}
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
    """One margin call."""


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
    path("margin-accounts", MarginAccounts.as_view(), name="api-margin-accounts"),
    path("margin-accounts/<uuid:account>", MarginAccountDetail.as_view(), name="api-margin-account"),
    path("margin-accounts/<uuid:account>/valuation", ValuationDetail.as_view(), name="api-valuation"),
    path("margin-accounts/<uuid:account>/deposit", MarginDeposit.as_view(), name="api-margin-deposit"),
    path("margin-accounts/<uuid:account>/withdraw", MarginWithdraw.as_view(), name="api-margin-withdraw"),
    path("margin-accounts/<uuid:account>/repay", MarginRepay.as_view(), name="api-margin-repay"),
    path("margin-accounts/<uuid:account>/purchase", MarginPurchase.as_view(), name="api-margin-purchase"),
    path("margin-accounts/<uuid:account>/sell", MarginSell.as_view(), name="api-margin-sell"),
    path("margin-accounts/<uuid:account>/close", MarginClose.as_view(), name="api-margin-close"),
    path("margin-calls", Calls.as_view(), name="api-margin-calls"),
    path("margin-calls/<uuid:call>", CallDetail.as_view(), name="api-margin-call"),
    path("margin-calls/<uuid:call>/explanation", CallExplanation.as_view(), name="api-explanation"),
]
