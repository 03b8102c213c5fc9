"""REST routes of margin accounts: their standing, what they may buy, and what moves them."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import path

from brokerage.access.rules import Perm
from brokerage.http import rest
from brokerage.http.rest.accounts import AssetInputs, BalanceOut, balances
from brokerage.ledger import seams

from .. import commands, outlook, past, queries
from ..models import MarginAccount, Valuation
from ..rules.calls import Health


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


class PartOut(rest.Out):
    """So much of an asset, and its market value in the account's currency."""

    asset = rest.Code()
    quantity = rest.Amount()
    market_value = rest.Amount()


class BuyingPowerOut(rest.Out):
    """What may be bought with cash and credit, of each asset alone; nothing while credit is stopped."""

    account = rest.Id()
    currency = rest.Code()
    price_set = rest.Id()
    credit_stopped = rest.Flag()
    assets = PartOut(many=True)


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
        wanted = self.filters("client", "warned")
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


class BuyingPowerDetail(_Account, rest.DetailView):
    """What the account may still buy at the newest prices."""

    item = BuyingPowerOut

    def find(self, account: UUID) -> Any:
        """The account judged now, once prices and a policy are in force."""
        found = past.standing(super().find(account), seams.now())
        if found is None:
            raise Http404
        return found

    def stream(self, found: Any) -> None:
        """Prices move buying power, events do not: it has no version."""

    def shown(self, found: Any) -> dict[str, Any]:
        """The most of each asset."""
        power = {
            "account": found.account.id,
            "currency": found.account.currency,
            "price_set": found.prices.price_set,
            "credit_stopped": outlook.credit_stopped(found),
            "assets": outlook.buying_power(found),
        }
        return dict(BuyingPowerOut(power).data)


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


urlpatterns = [
    path("margin-accounts", MarginAccounts.as_view(), name="api-margin-accounts"),
    path("margin-accounts/<uuid:account>", MarginAccountDetail.as_view(), name="api-margin-account"),
    path("margin-accounts/<uuid:account>/valuation", ValuationDetail.as_view(), name="api-valuation"),
    path(
        "margin-accounts/<uuid:account>/buying-power",
        BuyingPowerDetail.as_view(),
        name="api-buying-power",
    ),
    path("margin-accounts/<uuid:account>/deposit", MarginDeposit.as_view(), name="api-margin-deposit"),
    path(
        "margin-accounts/<uuid:account>/withdraw",
        MarginWithdraw.as_view(),
        name="api-margin-withdraw",
    ),
    path("margin-accounts/<uuid:account>/repay", MarginRepay.as_view(), name="api-margin-repay"),
    path(
        "margin-accounts/<uuid:account>/purchase",
        MarginPurchase.as_view(),
        name="api-margin-purchase",
    ),
    path("margin-accounts/<uuid:account>/sell", MarginSell.as_view(), name="api-margin-sell"),
    path("margin-accounts/<uuid:account>/close", MarginClose.as_view(), name="api-margin-close"),
]
