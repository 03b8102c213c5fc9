"""Facts of forced sales and of the deficits they may leave. Amounts are in the account's base currency."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from ..rules.lifecycle import Scope
from .calls import Standing


class Outcome(StrEnum):
    """How a forced sale ended."""

    TARGET_MET = "target-met"
    PLAN_DONE = "plan-done"
    SOLD_OUT = "sold-out"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"
    CURED = "cured"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLeg:
    """One asset to sell: quantity in units, expected amounts in base currency."""

    asset: str
    quantity: Decimal
    price: Decimal
    fx_rate: Decimal
    gross: Decimal
    cost: Decimal
    proceeds: Decimal


@event("margin.sale-planned")
@dataclass(frozen=True, slots=True, kw_only=True)
class SalePlanned:
    """What must be sold for an expired call, at these prices; version counts the plans of the call.

    Scope VA sells virtual assets only, for net proceeds of `at_most`.
    """

    sale: UUID
    call: UUID
    version: int
    scope: Scope
    at_most: Decimal | None
    legs: tuple[PlannedLeg, ...]
    loan_after: Decimal
    lending_value_after: Decimal
    meets_target: bool
    deficit: Decimal
    standing: Standing


@event("margin.sale-approved")
@dataclass(frozen=True, slots=True, kw_only=True)
class SaleApproved:
    """A second person, or the recorded policy, released the plan at prices that had not moved too far."""

    sale: UUID
    call: UUID
    version: int
    automatic: bool
    price_set: UUID


@event("margin.sale-ordered")
@dataclass(frozen=True, slots=True, kw_only=True)
class SaleOrdered:
    """The plan's orders went to the outbox, each under call:version:leg; what they sell is reserved."""

    sale: UUID
    call: UUID
    version: int
    keys: tuple[str, ...]


@event("margin.order-released")
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReleased:
    """The venue took back what was left of an order of a closed sale: that much is no longer reserved."""

    sale: UUID
    call: UUID
    leg: int
    asset: str
    quantity: Decimal


@event("margin.sale-filled", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SaleFilled:
    """An order, or part of it, was executed; `trade` is the booked trade, `venue_trade` the venue's id."""

    sale: UUID
    call: UUID
    leg: int
    trade: UUID
    venue_trade: str
    asset: str
    quantity: Decimal
    price: Decimal
    fx_rate: Decimal
    cost: Decimal
    proceeds: Decimal


@event("margin.sale-closed", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class SaleClosed:
    """Selling has ended; `call_closed` says whether the call ended with it."""

    sale: UUID
    call: UUID
    outcome: Outcome
    call_closed: bool
    standing: Standing


@event("margin.deficit-recorded", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DeficitRecorded:
    """Everything was sold and this much is still owed; it no longer bears interest."""

    call: UUID
    amount: Decimal
    currency: str


@event("margin.deficit-settled", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class DeficitSettled:
    """The client paid this much of a deficit."""

    call: UUID
    amount: Decimal
    left: Decimal
    currency: str


@event("margin.deficit-written-off")
@dataclass(frozen=True, slots=True, kw_only=True)
class DeficitWrittenOff:
    """The firm gave up this much of a deficit."""

    call: UUID
    amount: Decimal
    left: Decimal
    currency: str
    reason: str
