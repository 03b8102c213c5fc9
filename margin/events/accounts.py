"""Facts of credit itself: accounts, limits, the policy, advances, repayments and interest.

Amounts are in the account's base currency.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from ..rules.limits import LimitBasis
from ..rules.policy import MarginPolicy

POLICY_STREAM = UUID("00000000-0000-7000-8000-000000000002")
"""The one stream of the firm's margin policy."""


class Purpose(StrEnum):
    """What an advance is for (VAF-15)."""

    VA = "va"
    SECURITIES = "securities"
    PERMITTED_WITHDRAWAL = "permitted-withdrawal"


class Source(StrEnum):
    """Where the money of a repayment came from."""

    DEPOSIT = "deposit"
    CASH = "cash"
    SALE = "sale"
    FORCED_SALE = "forced-sale"


@event("margin.account-opened", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    """A custody account of kind margin may now borrow, once a limit is set."""

    client: UUID
    currency: str


@event("margin.limit-set", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSet:
    """The most the account may owe, from now on; `reason` names the assessment or waiver it rests on."""

    limit: Decimal
    reason: str
    basis: LimitBasis = LimitBasis.ASSESSMENT


@event("margin.policy-adopted")
@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAdopted:
    """The house's margin policy from `effective_from` on, whole, until a later one takes over."""

    version: int
    effective_from: datetime
    policy: MarginPolicy
    reason: str


@event("margin.drawn", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Credit was advanced, for a named purpose and, but for a permitted withdrawal, a recorded trade."""

    amount: Decimal
    currency: str
    purpose: Purpose
    trade: UUID | None


@event("margin.repaid", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Repaid:
    """The loan was reduced from the account's cash."""

    amount: Decimal
    currency: str
    source: Source
    trade: UUID | None


@event("margin.interest-accrued", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class InterestAccrued:
    """One day's interest on the settled debit at the end of that Hong Kong day; 8 decimals."""

    day: date
    debit: Decimal
    amount: Decimal
    currency: str
    policy_version: int


@event("margin.interest-charged", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class InterestCharged:
    """What accrued in a month was added to the loan: accrued = amount + residual."""

    month: date
    accrued: Decimal
    amount: Decimal
    residual: Decimal
    currency: str
