"""Reads of custody: what an account may do, what an asset is, who keeps it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from brokerage.clients.rules.status import ClientStatus
from brokerage.ledger import queries as ledger
from brokerage.ledger.amounts import EXACT, ZERO
from brokerage.ledger.chart import Role
from brokerage.market import queries as market
from brokerage.market.rules.fx import MissingRate, conversion
from brokerage.market.rules.instruments import AssetClass, BadCurrency, minor_units

from .models import Block, Custodian, CustodyAccount
from .rules import (
    AccountKind,
    AccountStatus,
    Asset,
    AssetKind,
    BlockScope,
    NotKept,
    Standing,
    UnknownAccount,
    UnknownCustodian,
)

KINDS: dict[AssetClass, AssetKind] = {
    AssetClass.SHARE: AssetKind.SECURITY,
    AssetClass.ETF: AssetKind.SECURITY,
    AssetClass.CRYPTO: AssetKind.VIRTUAL_ASSET,
    AssetClass.CURRENCY: AssetKind.MONEY,
}

HELD = (Role.HOLDING, Role.COLLATERAL, Role.RESERVED)
"""Where what a client owns stands: free, pledged, or on a sell order but not yet sold."""


def asset(code: str) -> Asset:
    """The currency (ISO 4217, not listed) or listed instrument of that code; raises UnknownInstrument."""
    try:
        return Asset(code=code, kind=AssetKind.MONEY, places=minor_units(code))
    except BadCurrency:
        terms = market.instrument(code)
        return Asset(code=code, kind=KINDS[terms.asset_class], places=terms.places)


def account(id: UUID) -> CustodyAccount:
    """The client account of that id, with its client; raises UnknownAccount."""
    found = CustodyAccount.objects.select_related("client").filter(pk=id).first()
    if found is None:
        raise UnknownAccount("There is no such account.", account=id)
    return found


def standing(account_id: UUID) -> Standing:
    """What decides whether an account may be moved; lock it first. Raises UnknownAccount."""
    found = account(account_id)
    blocks = Block.objects.filter(account=account_id, lifted_at=None).values_list("scope", "asset")
    return Standing(
        account=found.id,
        client=found.client_id,
        kind=AccountKind(found.kind),
        base_currency=found.base_currency,
        status=AccountStatus(found.status),
        client_status=ClientStatus(found.client.status),
        blocks=tuple((BlockScope(scope), asset) for scope, asset in blocks),
    )


def live_blocks(account_id: UUID) -> list[Block]:
    """The blocks of an account that stand, oldest first."""
    return list(Block.objects.filter(account=account_id, lifted_at=None))


def accounts_of(client: UUID) -> list[CustodyAccount]:
    """All accounts of a client, closed ones included, oldest first."""
    return list(CustodyAccount.objects.filter(client=client))


def accounts(scope: frozenset[UUID] | None, **wanted: Any) -> QuerySet[CustodyAccount]:
    """The accounts of the clients in scope (None for all clients) with these values of columns."""
    found = CustodyAccount.objects.filter(**wanted)
    return found if scope is None else found.filter(client__in=scope)


def custodian(id: UUID) -> Custodian:
    """The custodian of that id; raises UnknownCustodian."""
    found = Custodian.objects.filter(pk=id).first()
    if found is None:
        raise UnknownCustodian("There is no such custodian.", custodian=id)
    return found


def keeper(asset: str, named: UUID | None = None) -> UUID:
    """The custodian that keeps the asset: the named one, or the first one registered for it.

    Raises NotKept when the named one, or anyone, does not.
    """
    keeping = Custodian.objects.filter(assets__contains=[asset])
    found = (keeping.filter(pk=named) if named else keeping).values_list("id", flat=True).first()
    if found is None:
        raise NotKept("Register a custodian for this asset first.", asset=asset, custodian=named)
    return found


def dormant(clients: Sequence[UUID], since: datetime) -> list[UUID]:
    """Those of the clients with accounts none of which was opened, or moved by a person, after `since`."""
    accounts = CustodyAccount.objects.filter(client__in=clients)
    owners: dict[UUID, list[UUID]] = {}
    lively: set[UUID] = set()
    for each in accounts:
        owners.setdefault(each.client_id, []).append(each.id)
        lively |= {each.client_id} if each.opened_at > since else set()
    moved = ledger.last_moves([account for held in owners.values() for account in held])
    return [
        client
        for client, held in sorted(owners.items())
        if client not in lively and all(moved.get(account, since) <= since for account in held)
    ]


def clients_with_accounts() -> list[UUID]:
    """The clients with an account, open or closed, by id."""
    rows = CustodyAccount.objects.order_by("client")
    return list(rows.values_list("client", flat=True).distinct())


Worth = Callable[[str, Decimal], Decimal | None]
"""Values an amount of an asset in Hong Kong dollars; None where that cannot be said."""


def virtual_assets_worth(client: UUID, worth: Worth) -> Decimal | None:
    """What all virtual assets of a client are worth together; None while one of them has no price."""
    total = ZERO
    for each in accounts_of(client):
        for (role, code), amount in ledger.balances(each.id).items():
            if amount and role in HELD and asset(code).kind is AssetKind.VIRTUAL_ASSET:
                value = worth(code, amount)
                if value is None:
                    return None
                total = EXACT.add(total, value)
    return total


def worth_in_hkd(at: datetime) -> Worth:
    """What an amount of an asset is worth in Hong Kong dollars at the prices in force at an instant.

    None for an asset without price or rate: nothing can be said of it.
    """
    adopted = market.latest_price_set(at)
    rates = market.rates(adopted.id) if adopted else ()
    try:
        quotes = market.quotes(adopted.id, "HKD") if adopted else {}
    except MissingRate:
        quotes = {}

    def worth(code: str, amount: Decimal) -> Decimal | None:
        if code == "HKD":
            return amount
        if code in quotes:
            price = EXACT.multiply(quotes[code].price, quotes[code].fx)
            return EXACT.multiply(amount, price)
        try:
            return EXACT.multiply(amount, conversion(rates, code, "HKD"))
        except MissingRate:
            return None

    return worth
