"""A margin account while a command decides on it: locked, loaded, and moved step by step."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from uuid import UUID

from brokerage.ledger import seams
from brokerage.ledger.amounts import ZERO
from brokerage.ledger.chart import Account, Posting, Role
from brokerage.ledger.entry import Entry
from brokerage.market.rules.instruments import minor_units
from custody import queries as custody
from custody import steps
from custody.rules import Side, Standing, Trade

from .. import queries
from ..queries import Held
from ..rules.valuation import Book
from ..rules.withdrawals import BeyondHolding


class Case:
    """One locked account as the open entry will leave it: each step records events and moves `balances`."""

    def __init__(self, entry: Entry, held: Held) -> None:
        self.entry = entry
        self.account = held.account
        self.call = held.call
        self.balances = dict(held.balances)
        self.recorded = 0

    @property
    def id(self) -> UUID:
        """The account: its stream, and the owner of its ledger accounts."""
        return self.account.id

    @property
    def currency(self) -> str:
        """The account's base currency."""
        return self.account.currency

    @property
    def places(self) -> int:
        """The decimals of the base currency's minor unit."""
        return minor_units(self.currency)

    @property
    def cash(self) -> Decimal:
        """Money in credit, in base currency."""
        return self.balances.get((Role.CASH, self.currency), ZERO)

    @property
    def book(self) -> Book:
        """The account as the rules see it."""
        return queries.book_of(self.balances, self.currency, self.account.credit_limit)

    @property
    def credit_stopped(self) -> bool:
        """Whether nothing may be advanced or taken out: a call or a price hold stands (VAF-10, SMF-5)."""
        return self.call is not None or self.account.open_hold is not None

    @cached_property
    def standing(self) -> Standing:
        """What custody says about moving the account."""
        return custody.standing(self.id)

    @cached_property
    def bank(self) -> UUID:
        """The bank that keeps the base currency."""
        return custody.keeper(self.currency)

    def free(self, asset: str) -> Decimal:
        """How much of a pledged asset is not reserved by an order."""
        return self.balances.get((Role.COLLATERAL, asset), ZERO)

    def check_free(self, asset: str, quantity: Decimal) -> None:
        """Pass if so much is held and free; raises BeyondHolding."""
        free = self.free(asset)
        if quantity > free:
            raise BeyondHolding(
                f"The account holds {free} {asset} that no order reserves.",
                asset=asset, quantity=quantity, held=free,
            )  # fmt: skip

    @property
    def on_order(self) -> bool:
        """Whether orders that are still to be filled or taken back reserve anything of the account."""
        return any(amount for (role, _), amount in self.balances.items() if role is Role.RESERVED)

    def reserve(self, asset: str, quantity: Decimal) -> tuple[Posting, Posting]:
        """What sets a quantity of collateral aside for an order; below zero what frees it again."""
        reserved = Account(self.id, Role.RESERVED, asset)
        self.entry.open(reserved)
        return Posting(Account(self.id, Role.COLLATERAL, asset), -quantity), Posting(reserved, quantity)

    def owed(self, role: Role) -> Decimal:
        """The debit on one of the account's own ledger accounts in base currency, as a positive amount."""
        return -self.balances.get((role, self.currency), ZERO)

    def record(self, event: object, *postings: Posting) -> None:
        """Record an event on the account's stream; postings of zero are left out."""
        moving = [posting for posting in postings if posting.amount]
        self.entry.record(self.id, event, owner=self.id, postings=moving)
        self.recorded += 1
        for posting in moving:
            if posting.account.owner == self.id:
                self._add(posting.account.role, posting.account.asset, posting.amount)

    def deposit(self, asset: str, amount: Decimal, custodian: UUID | None) -> None:
        """Take in money as cash or an asset as collateral; raises as custody's deposit_step."""
        steps.deposit_step(
            self.entry, self.standing, asset=asset, amount=amount, custodian=custodian, into=Role.COLLATERAL
        )
        self._add(self._role(asset), asset, amount)

    def withdraw(self, asset: str, amount: Decimal, custodian: UUID | None) -> None:
        """Pay out money or collateral; raises as custody's withdraw_step."""
        steps.withdraw_step(
            self.entry, self.standing, asset=asset, amount=amount, custodian=custodian, out_of=Role.COLLATERAL
        )
        self._add(self._role(asset), asset, -amount)

    def trade(
        self,
        side: Side,
        asset: str,
        quantity: Decimal,
        price: Decimal,
        cost: Decimal,
        *,
        by_house: bool = False,
    ) -> tuple[UUID, Trade]:
        """Book and settle a trade of collateral, `by_house` of what was reserved; `price` in base currency.

        Raises as custody's trade_step.
        """
        number, role = seams.new_id(), Role.RESERVED if by_house else Role.COLLATERAL
        trade = steps.trade_step(
            self.entry,
            self.standing,
            side=side,
            asset=asset,
            quantity=quantity,
            price=price,
            currency=self.currency,
            cost=cost,
            role=role,
            by_house=by_house,
            trade=number,
        )
        self._add(role, asset, quantity if side is Side.BUY else -quantity)
        self._add(Role.CASH, self.currency, trade.due)
        return number, trade

    def _role(self, asset: str) -> Role:
        return Role.CASH if asset == self.currency else Role.COLLATERAL

    def _add(self, role: Role, asset: str, amount: Decimal) -> None:
        self.balances[role, asset] = self.balances.get((role, asset), ZERO) + amount


def case(entry: Entry, account: UUID) -> Case:
    """Lock one account and load it; raises UnknownMarginAccount."""
    return cases(entry, [account])[0]


def case_of_client(entry: Entry, account: UUID) -> Case:
    """As `case`, and lock the client: the decision rests on all its accounts."""
    entry.lock(account, queries.account(account).client)
    return Case(entry, queries.held([account])[account])


def cases(entry: Entry, accounts: Sequence[UUID]) -> list[Case]:
    """Lock accounts and load them, in the order given; raises UnknownMarginAccount."""
    entry.lock(*accounts)
    held = queries.held(accounts)
    return [Case(entry, held[account]) for account in accounts]
