"""What the routes of accounts share, whichever room keeps them: balances, and an amount of an asset."""

from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import Role

from .fields import Amount, Choice, Code, Id, Inputs, Out


class BalanceOut(Out):
    """What the account has, or owes (below zero), in one role and one asset."""

    role = Choice(Role)
    asset = Code()
    amount = Amount(signed=True)


class Balance(NamedTuple):
    """One balance of an account, in units of the asset."""

    role: Role
    asset: str
    amount: Decimal


class AssetInputs(Inputs):
    """So much of an asset, kept with a custodian (by default the first one that keeps it)."""

    asset = Code()
    amount = Amount()
    custodian = Id(required=False)


def balances(account: UUID, asked: dict[str, Any]) -> list[Balance]:
    """The account's balances in order, now or as the parameters of `Past` among `asked` say."""
    past = {name: asked[name] for name in ("as_of", "known_at") if name in asked}
    found = ledger.balances_as_of(account, **past) if past else ledger.balances(account)
    return [Balance(*key, amount) for key, amount in sorted(found.items())]
