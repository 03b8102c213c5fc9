"""What may be moved, by whom and in which quantities; who may keep it. No rule here knows a balance."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.clients.rules.status import Act, ClientStatus, check_may
from brokerage.ledger.amounts import EXACT, half_up, positive
from brokerage.ledger.chart import Role
from brokerage.ledger.refusal import Refused

CUSTODIANS = UUID("b5f0c1f6-2f63-4b8e-8a0e-6f6f5d0f6a21")
"""The name space of custodian ids."""


class CustodianKind(StrEnum):
    """Who keeps things for the firm: money, virtual assets or securities."""

    BANK = "bank"
    PLATFORM = "platform"
    DEPOSITORY = "depository"


class AssetKind(StrEnum):
    """What is kept, as far as it decides who may keep it."""

    MONEY = "money"
    VIRTUAL_ASSET = "virtual-asset"
    SECURITY = "security"


KEEPER: dict[AssetKind, CustodianKind] = {
    AssetKind.MONEY: CustodianKind.BANK,
    AssetKind.VIRTUAL_ASSET: CustodianKind.PLATFORM,
    AssetKind.SECURITY: CustodianKind.DEPOSITORY,
}


class AccountKind(StrEnum):
    """A cash account never borrows; a margin account's assets move through margin's commands only."""

    CASH = "cash"
    MARGIN = "margin"


class AccountStatus(StrEnum):
    """Whether anything may move on the account at all."""

    OPEN = "open"
    CLOSED = "closed"


class BlockScope(StrEnum):
    """What a block stops: what leaves the client's hand, or every move but a deposit."""

    WITHDRAWALS = "withdrawals"
    ALL = "all"


class Side(StrEnum):
    """Seen from the client."""

    BUY = "buy"
    SELL = "sell"


BLOCKED_ACTS: dict[BlockScope, frozenset[Act]] = {
    BlockScope.WITHDRAWALS: frozenset({Act.WITHDRAW, Act.RELEASE}),
    BlockScope.ALL: frozenset(Act) - {Act.DEPOSIT},
}


class UnknownAccount(Refused):
    """There is no client account of that id."""

    code = "custody.unknown-account"


class UnknownCustodian(Refused):
    """There is no custodian of that id."""

    code = "custody.unknown-custodian"


class CustodianExists(Refused):
    """A custodian of that name is registered already."""

    code = "custody.custodian-exists"


class AlreadyKept(Refused):
    """The custodian keeps the asset already."""

    code = "custody.already-kept"


class WrongCustodian(Refused):
    """The custodian is not of the kind that may keep the asset."""

    code = "custody.wrong-custodian"


class NotKept(Refused):
    """No custodian keeps the asset, or not the one that was named."""

    code = "custody.not-kept"


class TooFine(Refused):
    """An amount finer than the least unit of its asset."""

    code = "custody.too-fine"


class BlockedMove(Refused):
    """A block on the account stops the move."""

    code = "custody.blocked"


class UnknownBlock(Refused):
    """There is no such block on the account, or it was lifted before."""

    code = "custody.unknown-block"


class ClosedAccount(Refused):
    """The account is closed."""

    code = "custody.account-closed"


class NotEmpty(Refused):
    """An account that still holds something cannot be closed."""

    code = "custody.not-empty"


class UseMargin(Refused):
    """The assets of a margin account move through margin's own commands, which check its loan."""

    code = "custody.use-margin"


class BadTrade(Refused):
    """A trade of a currency, in no currency, or with a cost below zero."""

    code = "custody.bad-trade"


class BadLicence(Refused):
    """A licence without type, number or a sensible period."""

    code = "custody.bad-licence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Under what a custodian may keep assets: dated, because licences come and go (RULEBOOK CUS-4)."""

    type: str
    number: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A currency or instrument: its code in the book, its kind and the decimals of its least unit."""

    code: str
    kind: AssetKind
    places: int

    @property
    def is_money(self) -> bool:
        """Whether it is a currency, kept at a bank and held as cash."""
        return self.kind is AssetKind.MONEY

    def amount(self, value: Decimal, *, name: str = "amount") -> Decimal:
        """The same value, proved positive and no finer than the asset's least unit.

        Raises BadAmount or TooFine.
        """
        positive(value, name=name)
        if value != half_up(value, self.places):
            raise TooFine(
                f"{self.code} has {self.places} decimal places.",
                asset=self.code,
                value=value,
                places=self.places,
            )
        return value

    def held_as(self, role: Role) -> Role:
        """Where a client has it: money as cash; the rest in `role`, holding or collateral."""
        return Role.CASH if self.is_money else role


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides whether an account may be moved: its state, its client's, and the blocks on it.

    A block is (scope, asset); asset None means all assets.
    """

    account: UUID
    client: UUID
    kind: AccountKind
    base_currency: str
    status: AccountStatus
    client_status: ClientStatus
    blocks: tuple[tuple[BlockScope, str | None], ...]

    def check(self, act: Act, *assets: str) -> None:
        """Pass if `act` may be done with all the assets; raises ClosedAccount, NotActive or BlockedMove."""
        self.check_open()
        check_may(self.client_status, act)
        for scope, blocked in self.blocks:
            if act in BLOCKED_ACTS[scope] and (blocked is None or blocked in assets):
                raise BlockedMove(
                    "A block on the account stops this.", account=self.account, act=act, asset=blocked
                )

    def check_open(self) -> None:
        """Pass unless the account is closed; raises ClosedAccount."""
        if self.status is AccountStatus.CLOSED:
            raise ClosedAccount("The account is closed.", account=self.account)

    def check_cash_kind(self) -> None:
        """Pass for a cash account; raises UseMargin for a margin account."""
        if self.kind is AccountKind.MARGIN:
            raise UseMargin("Use margin's own command for a margin account.", account=self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A trade as agreed: `quantity` units at `price`, both in full; the rest is money of `currency`.

    `consideration` is quantity times price, rounded half-up to the currency's minor unit; `cost` is
    what the client pays besides, on either side.
    """

    side: Side
    asset: str
    quantity: Decimal
    price: Decimal
    currency: str
    consideration: Decimal
    cost: Decimal

    @property
    def due(self) -> Decimal:
        """What the client's cash changes by: minus for a purchase with its cost, plus for net proceeds."""
        if self.side is Side.BUY:
            return EXACT.minus(EXACT.add(self.consideration, self.cost))
        return EXACT.subtract(self.consideration, self.cost)


def agreed(
    side: Side, asset: Asset, currency: Asset, *, quantity: Decimal, price: Decimal, cost: Decimal
) -> Trade:
    """The trade these terms make; raises BadTrade, BadAmount or TooFine.

    The consideration must come to at least one minor unit; the cost may be zero.
    """
    if asset.is_money or not currency.is_money:
        raise BadTrade(
            "A trade is of an instrument against a currency.", asset=asset.code, currency=currency.code
        )
    if cost:
        currency.amount(cost, name="cost")
    asset.amount(quantity, name="quantity")
    gross = half_up(EXACT.multiply(quantity, positive(price, name="price")), currency.places)
    return Trade(
        side=side,
        asset=asset.code,
        quantity=quantity,
        price=price,
        currency=currency.code,
        consideration=currency.amount(gross, name="consideration"),
        cost=cost,
    )


def custodian_id(name: str) -> UUID:
    """The id a custodian's name stands for: registered once, even when two try at once."""
    return uuid5(CUSTODIANS, name)


def check_keeps(kind: CustodianKind, assets: Iterable[Asset]) -> None:
    """Pass if that kind of custodian may keep each of the assets; raises WrongCustodian."""
    for asset in assets:
        if KEEPER[asset.kind] is not kind:
            raise WrongCustodian(
                f"{asset.code} is kept by a {KEEPER[asset.kind]}.", asset=asset.code, kind=kind
            )


def check_licence(licence: Licence) -> None:
    """Pass if type and number are given and the period does not end before it starts; raises BadLicence."""
    if not (licence.type.strip() and licence.number.strip()):
        raise BadLicence("Give the licence's type and number.")
    if licence.valid_until and licence.valid_until < licence.valid_from:
        raise BadLicence("The licence ends before it starts.", until=licence.valid_until)
