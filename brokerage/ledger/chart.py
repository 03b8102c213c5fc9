"""The chart of accounts: every place value can be, who owns it and which sign it may have."""

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Role(StrEnum):
    """What an account is for. Amounts are credit positive, so a debit-normal balance is <= 0."""

    CASH = "cash"
    HOLDING = "holding"
    COLLATERAL = "collateral"
    RESERVED = "reserved"
    PERP_MARGIN = "perp-margin"
    UNSETTLED = "unsettled"
    PERP_POSITION = "perp-position"
    LOAN = "loan"
    INTEREST_ACCRUED = "interest-accrued"
    DEFICIT = "deficit"
    BANK_CLIENT = "bank-client"
    BANK_HOUSE = "bank-house"
    NOSTRO = "nostro"
    IN_TRANSIT = "in-transit"
    SUSPENSE = "suspense"
    MARKET_CLEARING = "market-clearing"
    PERP_VENUE = "perp-venue"
    EQUITY = "equity"
    FX_POSITION = "fx-position"
    ROUNDING = "rounding"
    INTEREST_INCOME = "interest-income"
    FEE_INCOME = "fee-income"
    WRITE_OFF = "write-off"
    INSURANCE_FUND = "insurance-fund"

    @property
    def side(self) -> int:
        """+1 for credit-normal, -1 for debit-normal, 0 where the sign may change."""
        return _SIDES[self]

    @property
    def eager(self) -> bool:
        """Whether the balance is summed at each append (clients and the insurance fund)."""
        return self in _EAGER


_SIDES = {
    Role.CASH: 1,
    Role.HOLDING: 1,
    Role.COLLATERAL: 1,
    Role.RESERVED: 1,
    Role.PERP_MARGIN: 1,
    Role.UNSETTLED: 0,
    Role.PERP_POSITION: 0,
    Role.LOAN: -1,
    Role.INTEREST_ACCRUED: -1,
    Role.DEFICIT: -1,
    Role.BANK_CLIENT: -1,
    Role.BANK_HOUSE: -1,
    Role.NOSTRO: -1,
    Role.IN_TRANSIT: 0,
    Role.SUSPENSE: 0,
    Role.MARKET_CLEARING: 0,
    Role.PERP_VENUE: 0,
    Role.EQUITY: 0,
    Role.FX_POSITION: 0,
    Role.ROUNDING: 0,
    Role.INTEREST_INCOME: 1,
    Role.FEE_INCOME: 1,
    Role.WRITE_OFF: -1,
    Role.INSURANCE_FUND: 1,
}
_EAGER = frozenset(
    {
        Role.CASH,
        Role.HOLDING,
        Role.COLLATERAL,
        Role.RESERVED,
        Role.PERP_MARGIN,
        Role.UNSETTLED,
        Role.PERP_POSITION,
        Role.LOAN,
        Role.INTEREST_ACCRUED,
        Role.DEFICIT,
        Role.INSURANCE_FUND,
    }
)


class Account(NamedTuple):
    """One account of the book: whose, what for, in which asset (a currency or instrument code)."""

    owner: UUID
    role: Role
    asset: str


class Posting(NamedTuple):
    """A signed amount on one account, in units of the account's asset; credit positive."""

    account: Account
    amount: Decimal


FIRM = UUID("00000000-0000-7000-8000-000000000001")
"""The owner of the firm's own accounts: one firm per database."""
