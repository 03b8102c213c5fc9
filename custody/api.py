"""REST routes of custody: client accounts with their balances, and what comes in and goes out."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path

from brokerage.access.rules import Perm
from brokerage.clients import queries as clients
from brokerage.clients.rules.status import ClientStatus
from brokerage.http import rest
from brokerage.http.rest.accounts import AssetInputs, BalanceOut, balances

from . import commands, queries
from .models import CustodyAccount
from .rules import AccountKind, AccountStatus


class AccountOut(rest.Out):
    """A client account."""

    id = rest.Id()
    client = rest.Id(source="client_id")
    kind = rest.Choice(AccountKind)
    base_currency = rest.Code()
    status = rest.Choice(AccountStatus)
    opened_at = rest.Instant()
    closed_at = rest.Instant(allow_null=True)


class HoldingOut(AccountOut):
    """A client account and its balances."""

    balances = BalanceOut(many=True)


class Accounts(rest.ListView):
    """Client accounts, oldest first."""

    permission, for_clients, item = Perm.SEE_ACCOUNTS, True, AccountOut
    order = ("opened_at", "id")

    class Filters(rest.Paged):
        """Narrow the list."""

        client = rest.Id(required=False)
        kind = rest.Choice(AccountKind, required=False)
        status = rest.Choice(AccountStatus, required=False)

    parameters = Filters

    def rows(self) -> QuerySet[CustodyAccount]:
        """The accounts of the asker's clients."""
        wanted = self.filters("client", "kind", "status")
        return queries.accounts(self.asker.clients, **wanted)


class _Account(rest.RestView):
    permission, for_clients, item = Perm.SEE_ACCOUNTS, True, HoldingOut

    def find(self, account: UUID) -> CustodyAccount:
        """The account, if it is one of the asker's clients'."""
        found = queries.account(account)
        self.covered(found.client_id)
        return found

    def shown(self, found: CustodyAccount) -> dict[str, Any]:
        """The account with its balances, as of the time and position asked for."""
        rows = balances(found.id, self.asked)
        return {**AccountOut(found).data, "balances": BalanceOut(rows, many=True).data}


class AccountDetail(_Account, rest.DetailView):
    """One account with its balances, now or as of a time and as known at a position."""

    parameters = rest.Past


class AccountDeposit(_Account, rest.CommandView):
    """Credit a cash account with what came in from outside.

    Margin accounts have a route of their own.
    """

    permission, for_clients = Perm.MAKE_PAYMENTS, False
    command, inputs = commands.deposit, AssetInputs


class AccountWithdraw(_Account, rest.CommandView):
    """Pay out of a cash account.

    Margin accounts have a route of their own.
    """

    permission, for_clients = Perm.MAKE_PAYMENTS, False
    command, inputs = commands.withdraw, AssetInputs


class AccountClose(_Account, rest.CommandView):
    """Close an empty cash account.

    Margin accounts have a route of their own.
    """

    permission, for_clients = Perm.MAKE_STATUSES, False
    command = commands.close_account


class CloseInputs(rest.Inputs):
    """Why: a code without personal data."""

    reason = rest.Text(max_length=32)


class ClosedOut(rest.Out):
    """A client that was to be closed, and its status."""

    id = rest.Id()
    reference = rest.Text()
    status = rest.Choice(ClientStatus)


class ClientClose(rest.CommandView):
    """Close a client that leaves nothing behind, by two people; its accounts are closed before."""

    permission, item = Perm.MAKE_STATUSES, ClosedOut
    command, inputs = commands.close_client, CloseInputs

    def find(self, client: UUID) -> Any:
        """The client within reach."""
        self.covered(client)
        return clients.client(client)


urlpatterns = [
    path("accounts", Accounts.as_view(), name="api-accounts"),
    path("accounts/<uuid:account>", AccountDetail.as_view(), name="api-account"),
    path("accounts/<uuid:account>/deposit", AccountDeposit.as_view(), name="api-account-deposit"),
    path("accounts/<uuid:account>/withdraw", AccountWithdraw.as_view(), name="api-account-withdraw"),
    path("accounts/<uuid:account>/close", AccountClose.as_view(), name="api-account-close"),
    path("clients/<uuid:client>/close", ClientClose.as_view(), name="api-client-close"),
]
