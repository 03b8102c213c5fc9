"""Custodians, client accounts, and moves of cash accounts; margin accounts move through margin."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from brokerage.clients import queries as clients
from brokerage.clients.rules.status import Act, ClientStatus, check_may
from brokerage.clients.steps import close_step
from brokerage.ledger import seams
from brokerage.ledger.amounts import ZERO
from brokerage.ledger.chart import FIRM, Account, Posting, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import check_reason

from . import queries, steps
from .events import AssetsAdded, Blocked, CustodianRegistered, HouseFunded, Unblocked
from .rules import (
    AccountKind,
    AccountStatus,
    AlreadyKept,
    AssetKind,
    BlockScope,
    CustodianExists,
    CustodianKind,
    Licence,
    NotEmpty,
    Side,
    Standing,
    UnknownBlock,
    WrongCustodian,
    check_keeps,
    check_licence,
    custodian_id,
)

BANK_ROLES = (Role.BANK_CLIENT, Role.BANK_HOUSE)
FIRM_ROLES = (
    Role.EQUITY,
    Role.FX_POSITION,
    Role.ROUNDING,
    Role.INTEREST_INCOME,
    Role.FEE_INCOME,
    Role.WRITE_OFF,
)
"""Opened with the first bank of a currency, so that no client command ever locks the firm's stream."""


@command("custody.register-custodian")
def register_custodian(
    entry: Entry, *, kind: CustodianKind, name: str, licence: Licence, assets: Sequence[str]
) -> UUID:
    """Register where assets are kept and open a ledger account there for each; returns the custodian's id.

    A bank keeps currencies (client and house account apart), a platform virtual assets, a
    depository securities. Raises CustodianExists, WrongCustodian, BadLicence or UnknownInstrument.
    """
    check_licence(licence)
    custodian = custodian_id(name)
    entry.lock(custodian, FIRM)
    if entry.version(custodian):
        raise CustodianExists("A custodian of this name is registered.", name=name)
    entry.record(custodian, CustodianRegistered(kind=kind, name=name, licence=licence, assets=tuple(assets)))
    _open_at(entry, custodian, kind, assets)
    return custodian


@command("custody.add-assets")
def add_assets(entry: Entry, *, custodian: UUID, assets: Sequence[str]) -> None:
    """Keep further assets with a custodian; raises UnknownCustodian, AlreadyKept or WrongCustodian."""
    entry.lock(custodian, FIRM)
    found = queries.custodian(custodian)
    known = set(assets) & set(found.assets)
    if known:
        raise AlreadyKept(
            "The custodian keeps this asset already.", custodian=custodian, assets=sorted(known)
        )
    entry.record(custodian, AssetsAdded(assets=tuple(assets)))
    _open_at(entry, custodian, CustodianKind(found.kind), assets)


def _open_at(entry: Entry, custodian: UUID, kind: CustodianKind, assets: Sequence[str]) -> None:
    kept = [queries.asset(asset) for asset in assets]
    check_keeps(kind, kept)
    is_bank = kind is CustodianKind.BANK
    places = [(custodian, role) for role in (BANK_ROLES if is_bank else (Role.NOSTRO,))]
    places += [(FIRM, role) for role in FIRM_ROLES] if is_bank else []
    entry.open(*(Account(owner, role, asset.code) for owner, role in places for asset in kept))


@command("custody.fund-house")
def fund_house(entry: Entry, *, bank: UUID, currency: str, amount: Decimal) -> None:
    """Bring capital into a bank's house account; raises WrongCustodian, NotKept, BadAmount or TooFine."""
    entry.lock(bank)
    money = queries.asset(currency)
    if money.kind is not AssetKind.MONEY:
        raise WrongCustodian("The house is funded in a currency.", asset=currency)
    money.amount(amount)
    queries.keeper(currency, bank)
    entry.record(
        bank,
        HouseFunded(currency=currency, amount=amount),
        postings=(
            Posting(Account(bank, Role.BANK_HOUSE, currency), -amount),
            Posting(Account(FIRM, Role.EQUITY, currency), amount),
        ),
    )


@command("custody.open-account")
def open_account(entry: Entry, *, client: UUID, kind: AccountKind, base_currency: str) -> UUID:
    """Open an account for an active client; returns its id. Raises UnknownClient, NotActive, NotKept."""
    account = seams.new_id()
    entry.lock(account, client)  # or a client could be closed meanwhile, with this account open
    check_may(ClientStatus(clients.client(client).status), Act.OPEN_ACCOUNT)
    queries.keeper(base_currency)
    steps.open_account_step(
        entry, account=account, client=client, kind=kind, base_currency=queries.asset(base_currency)
    )
    return account


@command("custody.close-account")
def close_account(entry: Entry, *, account: UUID) -> None:
    """Close an empty cash account; raises UnknownAccount, UseMargin, ClosedAccount or NotEmpty."""
    entry.lock(account)
    steps.close_account_step(entry, _cash_account(account))


@command("custody.close-client")
def close_client(entry: Entry, *, client: UUID, reason: str) -> None:
    """Close a client that leaves nothing behind, by two people (CLI-13); `reason` is a code.

    Each account was closed by its own command before: custody's refuses while anything is held or owed,
    margin's while a call or sale is open. Raises UnknownClient, NotEmpty, BadTransition, BadReason,
    HoldInPlace or SecondPersonNeeded.
    """
    accounts = queries.accounts_of(client)
    entry.lock(client, *(account.id for account in accounts))
    left = [each.id for each in queries.accounts_of(client) if each.status != AccountStatus.CLOSED]
    if left:
        raise NotEmpty("Close every account of the client first.", client=client, accounts=left)
    close_step(entry, client=client, reason=reason)


def _cash_account(account: UUID) -> Standing:
    """The standing of a locked account; raises UnknownAccount, or UseMargin unless it is a cash account."""
    standing = queries.standing(account)
    standing.check_cash_kind()
    return standing


@command("custody.deposit")
def deposit(
    entry: Entry, *, account: UUID, asset: str, amount: Decimal, custodian: UUID | None = None
) -> None:
    """Credit a cash account with money, securities or virtual assets that came in from outside.

    Raises UseMargin for a margin account, and as `steps.deposit_step`.
    """
    entry.lock(account)
    steps.deposit_step(entry, _cash_account(account), asset=asset, amount=amount, custodian=custodian)


@command("custody.withdraw")
def withdraw(
    entry: Entry, *, account: UUID, asset: str, amount: Decimal, custodian: UUID | None = None
) -> None:
    """Pay out of a cash account; raises UseMargin for a margin account, and as `steps.withdraw_step`."""
    entry.lock(account)
    steps.withdraw_step(entry, _cash_account(account), asset=asset, amount=amount, custodian=custodian)


@command("custody.book-trade")
def book_trade(
    entry: Entry,
    *,
    account: UUID,
    side: Side,
    asset: str,
    quantity: Decimal,
    price: Decimal,
    currency: str,
    cost: Decimal = ZERO,
) -> Decimal:
    """Book and settle a trade of a cash account, which never borrows; returns the consideration.

    The client is locked too: its virtual assets count over all its accounts (CLI-4).
    Raises UseMargin for a margin account, and as `steps.trade_step`.
    """
    entry.lock(account, queries.account(account).client_id)
    trade = steps.trade_step(
        entry,
        _cash_account(account),
        side=side,
        asset=asset,
        quantity=quantity,
        price=price,
        currency=currency,
        cost=cost,
    )
    return trade.consideration


@command("custody.block")
def block(
    entry: Entry, *, account: UUID, reason: str, scope: BlockScope = BlockScope.ALL, asset: str | None = None
) -> UUID:
    """Stop moves of one asset of an account, or of all; returns the block's id.

    Raises UnknownAccount, UnknownInstrument or ReasonMissing.
    """
    check_reason("custody", reason, "Say what this rests on.")
    entry.lock(account)
    queries.account(account)
    if asset is not None:
        queries.asset(asset)
    number = seams.new_id()
    entry.record(account, Blocked(block=number, scope=scope, asset=asset, reason=reason), owner=account)
    return number


@command("custody.unblock")
def unblock(entry: Entry, *, account: UUID, block: UUID, reason: str) -> None:
    """Lift a block; raises UnknownBlock or ReasonMissing."""
    check_reason("custody", reason, "Say what this rests on.")
    entry.lock(account)
    if block not in {live.id for live in queries.live_blocks(account)}:
        raise UnknownBlock("There is no such block to lift.", account=account, block=block)
    entry.record(account, Unblocked(block=block, reason=reason), owner=account)
