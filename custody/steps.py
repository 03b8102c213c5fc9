"""Moves of a client's assets as steps inside an open entry, for custody's commands and for margin's.

A step checks the account's standing, the amount and the keeper, opens the ledger accounts it needs
and records its events with their postings. It never locks: the caller locks the account's stream and
reads its standing (`queries.standing`) after that, once for any number of steps. Whether the balance
suffices is the database's own check at the end of the entry (InsufficientBalance).
"""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from brokerage.clients import queries as clients
from brokerage.clients.rules.status import Act
from brokerage.clients.rules.virtual_assets import check_purchase
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.amounts import EXACT, ZERO
from brokerage.ledger.chart import FIRM, Account, Posting, Role
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import check_reason
from brokerage.market.rules.calendars import hong_kong_date

from . import queries
from .events import (
    AccountClosed,
    AccountOpened,
    Deposited,
    Pledged,
    Released,
    TradeBooked,
    TradeSettled,
    Withdrawn,
)
from .rules import AccountKind, Asset, AssetKind, NotEmpty, Side, Standing, Trade, agreed


def open_account_step(
    entry: Entry, *, account: UUID, client: UUID, kind: AccountKind, base_currency: Asset
) -> None:
    """Open a client account under a fresh id with its cash account; the caller checked the client."""
    entry.record(
        account, AccountOpened(client=client, kind=kind, base_currency=base_currency.code), owner=account
    )
    entry.open(Account(account, Role.CASH, base_currency.code))


def close_account_step(entry: Entry, standing: Standing) -> None:
    """Close a locked account that holds and owes nothing; raises ClosedAccount or NotEmpty."""
    standing.check_open()
    balances = ledger.balances(standing.account)
    left = {f"{role} {asset}": amount for (role, asset), amount in balances.items() if amount}
    if left:
        raise NotEmpty("Pay out and repay everything first.", account=standing.account, balances=left)
    entry.record(standing.account, AccountClosed(), owner=standing.account)


def deposit_step(
    entry: Entry,
    standing: Standing,
    *,
    asset: str,
    amount: Decimal,
    custodian: UUID | None = None,
    into: Role = Role.HOLDING,
) -> None:
    """Take in an asset: money as cash, anything else `into` holding or collateral.

    `custodian` is where it arrived, by default the first one that keeps the asset. Raises
    ClosedAccount, NotActive, UnknownInstrument, BadAmount, TooFine or NotKept.
    """
    standing.check(Act.DEPOSIT, asset)
    kept = queries.asset(asset)
    kept.amount(amount)
    keeper = queries.keeper(asset, custodian)
    ours = Account(standing.account, kept.held_as(into), asset)
    entry.open(ours)
    entry.record(
        standing.account,
        Deposited(asset=asset, amount=amount, custodian=keeper),
        owner=standing.account,
        postings=_move(_lying(kept, keeper), ours, amount),
    )


def withdraw_step(
    entry: Entry,
    standing: Standing,
    *,
    asset: str,
    amount: Decimal,
    custodian: UUID | None = None,
    out_of: Role = Role.HOLDING,
) -> None:
    """Pay out an asset: money from cash, anything else `out_of` holding or collateral.

    Raises what `deposit_step` raises, BlockedMove, and InsufficientBalance when the entry is written.
    """
    standing.check(Act.WITHDRAW, asset)
    kept = queries.asset(asset)
    kept.amount(amount)
    keeper = queries.keeper(asset, custodian)
    ours = Account(standing.account, kept.held_as(out_of), asset)
    entry.open(ours)
    entry.record(
        standing.account,
        Withdrawn(asset=asset, amount=amount, custodian=keeper),
        owner=standing.account,
        postings=_move(ours, _lying(kept, keeper), amount),
    )


def pledge_step(entry: Entry, standing: Standing, *, asset: str, amount: Decimal, basis: str) -> None:
    """Turn a holding into collateral on the stated basis (an agreement's reference).

    Raises as `withdraw_step` does, and ReasonMissing.
    """
    check_reason("custody", basis, "Say what this rests on.")
    holding, collateral = _both(entry, standing, asset, amount, Act.PLEDGE)
    entry.record(
        standing.account,
        Pledged(asset=asset, amount=amount, basis=basis),
        owner=standing.account,
        postings=_move(holding, collateral, amount),
    )


def release_step(entry: Entry, standing: Standing, *, asset: str, amount: Decimal) -> None:
    """Turn collateral into a free holding; raises as `withdraw_step` does."""
    holding, collateral = _both(entry, standing, asset, amount, Act.RELEASE)
    entry.record(
        standing.account,
        Released(asset=asset, amount=amount),
        owner=standing.account,
        postings=_move(collateral, holding, amount),
    )


def trade_step(
    entry: Entry,
    standing: Standing,
    *,
    side: Side,
    asset: str,
    quantity: Decimal,
    price: Decimal,
    currency: str,
    cost: Decimal = ZERO,
    role: Role = Role.HOLDING,
    by_house: bool = False,
    trade: UUID | None = None,
    bank: UUID | None = None,
    custodian: UUID | None = None,
) -> Trade:
    """Book a trade and settle it at once, asset against cash; returns the trade with its consideration.

    `price` is in `currency` per unit; `cost`, in `currency` too, is the firm's fee income. `role` is
    where the asset goes to or comes from, holding or collateral. `by_house` marks a sale that the
    firm forces: it may happen on a suspended or frozen client too. `trade` is its id, fresh by default.
    Raises as `withdraw_step` does, BadTrade, and KnowledgeMissing, BeyondExposure or ExposureUnknown for a
    purchase of virtual assets; cash that does not cover a purchase is InsufficientBalance when the entry is
    written.
    """
    standing.check(_act(side, by_house=by_house), asset, currency)
    security, money = queries.asset(asset), queries.asset(currency)
    terms = agreed(side, security, money, quantity=quantity, price=price, cost=cost)
    if side is Side.BUY and security.kind is AssetKind.VIRTUAL_ASSET:
        _check_offered(entry, standing.client, terms)
    bank_id, keeper = queries.keeper(currency, bank), queries.keeper(asset, custodian)
    ours = Account(standing.account, role, asset)
    cash = Account(standing.account, Role.CASH, currency)
    entry.open(ours, cash)
    number = trade or seams.new_id()
    entry.record(standing.account, TradeBooked(trade=number, terms=terms), owner=standing.account)
    there = Account(keeper, Role.NOSTRO, asset)
    entry.record(
        standing.account,
        TradeSettled(trade=number, bank=bank_id, custodian=keeper),
        owner=standing.account,
        postings=(
            *_money(terms, cash, bank_id),
            *(_move(there, ours, quantity) if side is Side.BUY else _move(ours, there, quantity)),
        ),
    )
    return terms


def _check_offered(entry: Entry, client: UUID, bought: Trade) -> None:
    """Pass if the client may buy virtual assets and hold what it then holds (CLI-3, CLI-4)."""
    offered = clients.offered_virtual_assets(client, hong_kong_date(entry.effective_at))
    if offered is None:
        return
    worth = queries.worth_in_hkd(entry.effective_at)
    held = queries.virtual_assets_worth(client, worth)
    more = worth(bought.currency, bought.consideration)
    check_purchase(offered, None if held is None or more is None else EXACT.add(held, more))


def _act(side: Side, *, by_house: bool) -> Act:
    if side is Side.BUY:
        return Act.BUY
    return Act.HOUSE_SALE if by_house else Act.SELL


def _money(trade: Trade, cash: Account, bank: UUID) -> tuple[Posting, ...]:
    """The client's money moves at the client bank; the cost goes on from there to the house bank."""
    postings = (
        Posting(cash, trade.due),
        Posting(Account(bank, Role.BANK_CLIENT, trade.currency), -trade.due),
        Posting(Account(bank, Role.BANK_HOUSE, trade.currency), -trade.cost),
        Posting(Account(FIRM, Role.FEE_INCOME, trade.currency), trade.cost),
    )
    return tuple(posting for posting in postings if posting.amount)


def _both(entry: Entry, standing: Standing, asset: str, amount: Decimal, act: Act) -> tuple[Account, Account]:
    """The account's holding and collateral of the asset, opened, after the checks of a pledge or release."""
    standing.check(act, asset)
    queries.asset(asset).amount(amount)
    both = Account(standing.account, Role.HOLDING, asset), Account(standing.account, Role.COLLATERAL, asset)
    entry.open(*both)
    return both


def _lying(asset: Asset, custodian: UUID) -> Account:
    """Where the firm has what it keeps for clients."""
    return Account(custodian, Role.BANK_CLIENT if asset.is_money else Role.NOSTRO, asset.code)


def _move(source: Account, target: Account, amount: Decimal) -> Iterable[Posting]:
    return (Posting(source, -amount), Posting(target, amount))
