"""A second set of books, kept from what commands were called with: dicts of money and collateral.

It knows no postings, no projections and no rules of the product; only FORMULAS' arithmetic in fractions.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal
from fractions import Fraction
from uuid import UUID

from .world import Broken, Commit

ZERO = Decimal(0)
CENT = 2
ACCRUAL = 8
UNIT = 18
FX = {"0700": Decimal(1), "2800": Decimal(1), "BTC": Decimal("7.80"), "ETH": Decimal("7.80")}
TRADE_COST = Decimal("0.0035")
TIERS = ((Decimal(1_000_000), Decimal("0.0825")), (None, Decimal("0.0725")))
HONG_KONG = timezone(timedelta(hours=8))
_EXACT = Context(prec=80)
Prices = dict[UUID, dict[str, Decimal]]


def half_up(value: Fraction, places: int) -> Decimal:
    """Halves away from zero, by whole numbers."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if value >= 0 else -whole).scaleb(-places, _EXACT)


@dataclass
class Order:
    """One sell order as the outbox sent it."""

    asset: str
    quantity: Decimal
    filled: Decimal = ZERO


@dataclass
class Account:
    """One margin account: `loan`, `deficit` and `accrued` (by month) are what it owes."""

    cash: Decimal = ZERO
    loan: Decimal = ZERO
    deficit: Decimal = ZERO
    collateral: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    reserved: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    accrued: dict[date, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    through: date | None = None
    moves: list[tuple[datetime, Decimal]] = field(default_factory=list)

    def borrow(self, amount: Decimal, at: datetime) -> None:
        """The loan grows, or shrinks."""
        self.loan += amount
        self.moves.append((at, amount))

    def pay(self, at: datetime) -> None:
        """Cash pays what is owed: the deficit, the loan, then interest, which then is charged early."""
        paid = min(self.cash, self.deficit)
        self.cash, self.deficit = self.cash - paid, self.deficit - paid
        self._pay_loan(at)
        if self.cash > 0 and any(self.accrued.values()):
            self.charge(at)
            self._pay_loan(at)

    def _pay_loan(self, at: datetime) -> None:
        paid = min(self.cash, self.loan)
        self.cash -= paid
        self.borrow(-paid, at)

    def charge(self, at: datetime, until: date = date.max) -> None:
        """What accrued in each month up to `until` joins the loan, rounded once a month."""
        for month in [month for month in self.accrued if month <= until]:
            self.borrow(half_up(Fraction(self.accrued.pop(month)), CENT), at)

    def accrue(self, day: date) -> None:
        """One day's interest on the loan at the end of that Hong Kong day, once, never backwards."""
        if self.through is not None and day <= self.through:
            return
        end = datetime(day.year, day.month, day.day, tzinfo=HONG_KONG) + timedelta(days=1)
        debit = sum((amount for at, amount in self.moves if at < end), ZERO)
        if interest := half_up(_yearly(Fraction(debit)) / 365, ACCRUAL):
            self.accrued[day.replace(day=1)] += interest
            self.through = day


def _yearly(debit: Fraction) -> Fraction:
    total, start = Fraction(0), Fraction(0)
    for limit, rate in TIERS:
        end = debit if limit is None else min(debit, Fraction(limit))
        total += max(Fraction(0), end - start) * Fraction(rate)
        start = max(start, end)
    return total


class Model:
    """All accounts, moved by commits alone; `prices` and `orders` are told by the market and the outbox."""

    def __init__(self) -> None:
        self.accounts: dict[UUID, Account] = {}
        self.prices: Prices = {}
        self.orders: dict[UUID, dict[int, Order]] = {}
        self.keys: set[str] = set()

    def apply(self, commit: Commit) -> None:
        """What the command must have done to the accounts; those that move nothing are only counted."""
        if commit.key in self.keys:
            raise Broken(f"the key {commit.key} was committed twice")
        self.keys.add(commit.key)
        name = "_" + commit.command.replace("margin.", "").replace("-", "_").replace(".", "_")
        move = getattr(self, name, None)
        if move is not None:
            move(commit.effective_at, **commit.inputs)

    def balances(self) -> dict[tuple[UUID, str, str], Decimal]:
        """Everything that is not zero, signed as the book signs it: by account, role and asset."""
        found: dict[tuple[UUID, str, str], Decimal] = {}
        for id, mine in self.accounts.items():
            interest = sum(mine.accrued.values(), ZERO)
            money = {"cash": mine.cash, "loan": -mine.loan, "deficit": -mine.deficit}
            money["interest-accrued"] = -interest
            found |= {(id, role, "HKD"): amount for role, amount in money.items()}
            found |= {(id, "collateral", asset): amount for asset, amount in mine.collateral.items()}
            found |= {(id, "reserved", asset): amount for asset, amount in mine.reserved.items()}
        return {key: amount for key, amount in found.items() if amount}

    def _open_account(self, at: datetime, *, account: UUID) -> None:
        self.accounts[account] = Account()

    def _deposit(self, at: datetime, *, account: UUID, asset: str, amount: Decimal, **_: object) -> None:
        mine = self.accounts[account]
        if asset == "HKD":
            mine.cash += amount
            mine.pay(at)
        else:
            mine.collateral[asset] += amount

    def _withdraw(self, at: datetime, *, account: UUID, asset: str, amount: Decimal, **_: object) -> None:
        mine = self.accounts[account]
        if asset == "HKD":
            mine.cash -= amount
        else:
            mine.collateral[asset] -= amount

    def _purchase(
        self, at: datetime, *, account: UUID, asset: str, quantity: Decimal, price_set: UUID, **_: object
    ) -> None:
        mine = self.accounts[account]
        gross, cost = self._value(asset, quantity, self.prices[price_set][asset])
        mine.cash -= gross + cost
        mine.collateral[asset] += quantity
        if mine.cash < 0:
            short, mine.cash = -mine.cash, ZERO
            mine.borrow(short, at)

    def _sell(
        self, at: datetime, *, account: UUID, asset: str, quantity: Decimal, price_set: UUID, **_: object
    ) -> None:
        self._sold(at, account, asset, quantity, self.prices[price_set][asset])

    def _order_sale(self, at: datetime, *, account: UUID, sale: UUID, **_: object) -> None:
        for order in self.orders[sale].values():
            self._reserve(account, order.asset, order.quantity)

    def _release_order(self, at: datetime, *, account: UUID, sale: UUID, leg: int) -> None:
        order = self.orders[sale][leg]
        self._reserve(account, order.asset, order.filled - order.quantity)
        order.quantity = order.filled

    def _reserve(self, account: UUID, asset: str, quantity: Decimal) -> None:
        mine = self.accounts[account]
        mine.collateral[asset] -= quantity
        mine.reserved[asset] += quantity

    def _fill_sale(
        self,
        at: datetime,
        *,
        account: UUID,
        sale: UUID,
        leg: int,
        quantity: Decimal,
        price: Decimal,
        **_: object,
    ) -> None:
        order = self.orders[sale][leg]
        order.filled += quantity
        self._reserve(account, order.asset, -quantity)
        self._sold(at, account, order.asset, quantity, price)
        mine = self.accounts[account]
        done = all(each.filled == each.quantity for each in self.orders[sale].values())
        if done and mine.loan > 0 and not any(mine.collateral.values()):
            self._record_deficit(at, account=account)

    def _record_deficit(self, at: datetime, *, account: UUID) -> None:
        mine = self.accounts[account]
        mine.charge(at)
        mine.deficit += mine.loan
        mine.borrow(-mine.loan, at)

    def _accrue_interest(self, at: datetime, *, accounts: list[UUID], day: date) -> None:
        for account in accounts:
            self.accounts[account].accrue(day)

    def _charge_interest(self, at: datetime, *, accounts: list[UUID], month: date) -> None:
        for account in accounts:
            self.accounts[account].charge(at, month.replace(day=1))

    def _sold(self, at: datetime, account: UUID, asset: str, quantity: Decimal, price: Decimal) -> None:
        mine = self.accounts[account]
        gross, cost = self._value(asset, quantity, price)
        mine.collateral[asset] -= quantity
        mine.cash += gross - cost
        mine.pay(at)

    def _value(self, asset: str, quantity: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
        """What a trade comes to, and its cost: each rounded to the cent once."""
        unit = half_up(Fraction(price) * Fraction(FX[asset]), UNIT)
        exact = Fraction(quantity) * Fraction(unit)
        return half_up(exact, CENT), half_up(exact * Fraction(TRADE_COST), CENT)
