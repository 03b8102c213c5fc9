"""The book that P5, P6 and P11 work on: accounts, positions, prices and a policy, written as plain facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from uuid import UUID

from brokerage.ledger import seams
from brokerage.ledger.amounts import up
from brokerage.ledger.chart import FIRM, Account, Posting, Role
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.market import events as market
from brokerage.market.rules.adoption import AdoptedPrice
from brokerage.market.rules.identity import PRICE_SETS, instrument_id
from brokerage.market.rules.instruments import AssetClass, Terms
from brokerage.market.rules.prices import PriceState
from margin import events
from margin.rules.policy import AssetKind, AssetTerms, InterestTier, MarginPolicy, flat
from margin.rules.valuation import Book

from .book import context

NOW = datetime(2025, 3, 3, 4, tzinfo=UTC)
KEPT = Decimal("0.7")
POSITIONS = 10
WIDELY_HELD = "00000"
HOLDERS = 0.6
FALL = Decimal("0.7")
BATCH = 500


@command("bench.list-and-price")
def list_and_price(entry: Entry, *, prices: dict[str, Decimal], price_set: UUID) -> None:
    """List a share for each price that is new, and adopt the prices."""
    entry.lock(PRICE_SETS, *(instrument_id(code) for code in prices))
    for code in prices:
        if not entry.version(instrument_id(code)):
            listed = Terms(
                code=code,
                name=code,
                asset_class=AssetClass.SHARE,
                currency="HKD",
                places=0,
                lot=Decimal(100),
                group=code,
            )
            entry.record(instrument_id(code), market.InstrumentListed(terms=listed))
    adopted = tuple(_adopted(code, price, entry.effective_at) for code, price in prices.items())
    entry.record(
        PRICE_SETS,
        market.PriceSetAdopted(
            price_set=price_set, slot=entry.effective_at, revision=1, policy="bench", prices=adopted, rates=()
        ),
    )


def _adopted(code: str, price: Decimal, at: datetime) -> AdoptedPrice:
    return AdoptedPrice(
        instrument=code,
        price=price,
        low=price,
        high=price,
        state=PriceState.FRESH,
        source="bench",
        source_time=at,
        reference_price=price,
        reference_time=at,
        suspended_since=None,
    )


@command("bench.adopt-policy")
def adopt_policy(entry: Entry, *, policy: MarginPolicy) -> None:
    """Put a policy in force."""
    entry.lock(events.POLICY_STREAM)
    adopted = events.PolicyAdopted(
        version=1, effective_from=entry.effective_at, policy=policy, reason="bench"
    )
    entry.record(events.POLICY_STREAM, adopted)


@command("bench.lend")
def lend(entry: Entry, *, books: dict[str, Book]) -> None:
    """Give margin accounts positions, loans and limits out of the firm's hands."""
    owners = {UUID(account): book for account, book in books.items()}
    entry.lock(FIRM, *owners)
    equity = {
        Account(FIRM, Role.EQUITY, asset) for book in owners.values() for asset in (*book.positions, "HKD")
    }
    wanted = [Account(FIRM, Role.INTEREST_INCOME, "HKD"), *equity]
    for owner, book in owners.items():
        wanted += [Account(owner, Role.COLLATERAL, asset) for asset in book.positions]
        wanted += [Account(owner, role, "HKD") for role in (Role.CASH, Role.LOAN, Role.INTEREST_ACCRUED)]
    entry.open(*wanted)
    for owner, book in owners.items():
        entry.record(owner, events.AccountOpened(client=owner, currency="HKD"), owner=owner)
        moves = [
            Posting(Account(owner, Role.COLLATERAL, asset), held) for asset, held in book.positions.items()
        ]
        moves.append(Posting(Account(owner, Role.LOAN, "HKD"), -book.loan))
        back = [Posting(Account(FIRM, Role.EQUITY, move.account.asset), -move.amount) for move in moves]
        limit = events.LimitSet(limit=book.limit, reason="bench")
        entry.record(owner, limit, owner=owner, postings=[*moves, *back])


@dataclass(frozen=True, slots=True)
class Lenders:
    """What was written: prices, the price set and the accounts; the first `edge` fall in call at FALL."""

    prices: dict[str, Decimal]
    price_set: UUID
    accounts: Sequence[UUID]
    edge: int

    def fallen(self) -> dict[str, Decimal]:
        """The prices after the fall of the widely held share."""
        return {**self.prices, WIDELY_HELD: self.prices[WIDELY_HELD] * FALL}


def written(accounts: int, assets: int, edge: int) -> Lenders:
    """So many accounts with ten positions each in so many shares, `edge` of them close to a call."""
    draw = Random(26)
    prices = {f"{number:05d}": Decimal(draw.randrange(1000, 50_000)) / 100 for number in range(assets)}
    price_set = seams.new_id()
    list_and_price(context(NOW), prices=prices, price_set=price_set)
    share = AssetTerms(kind=AssetKind.SECURITIES, tiers=flat(1 - KEPT), capital_haircut=Decimal("0.3"))
    interest = (InterestTier(up_to=None, rate=Decimal("0.08")),)
    adopt_policy(context(NOW), policy=MarginPolicy(assets=dict.fromkeys(prices, share), interest=interest))
    books = [_book(draw, prices, on_edge=number < edge) for number in range(accounts)]
    ids = [seams.new_id() for _ in books]
    for start in range(0, accounts, BATCH):
        chunk = zip(ids[start : start + BATCH], books[start : start + BATCH], strict=True)
        lend(context(NOW), books={str(account): book for account, book in chunk})
    return Lenders(prices, price_set, ids, edge)


def _book(draw: Random, prices: dict[str, Decimal], *, on_edge: bool) -> Book:
    others = draw.sample([code for code in prices if code != WIDELY_HELD][:500], POSITIONS - 1)
    positions = {code: Decimal(100 * draw.randrange(1, 100)) for code in others}
    rest = sum((quantity * prices[code] for code, quantity in positions.items()), Decimal(0))
    if on_edge or draw.random() < HOLDERS:
        positions[WIDELY_HELD] = max(Decimal(100), (rest / prices[WIDELY_HELD]).quantize(Decimal(1)))
    worth = sum((quantity * prices[code] for code, quantity in positions.items()), Decimal(0)) * KEPT
    share = Decimal("0.89") if on_edge else Decimal(draw.randrange(20, 70)) / 100
    return Book(positions=positions, loan=up(worth * share, 2), limit=up(worth * 2, 2))
