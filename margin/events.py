"""What happened to margin accounts: the facts of credit, calls, sales and interest.

Amounts are in the account's base currency unless a field says otherwise. A call and a sale name
everything they rest on, so that each number can be derived again from the event alone.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from .rules.calls import Health
from .rules.lifecycle import Scope
from .rules.policy import AssetKind, AssetTerms, ConcentrationCap, MarginPolicy, Triggers

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


class Cause(StrEnum):
    """Why a deadline ended."""

    DEADLINE = "deadline"
    HARD_TRIGGER = "hard-trigger"


class Outcome(StrEnum):
    """How a forced sale ended."""

    TARGET_MET = "target-met"
    PLAN_DONE = "plan-done"
    SOLD_OUT = "sold-out"
    STOPPED = "stopped"
    SUPERSEDED = "superseded"
    CURED = "cured"


@event("margin.account-opened", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    """A custody account of kind margin may now borrow, once a limit is set."""

    client: UUID
    currency: str


@event("margin.limit-set", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSet:
    """The most the account may owe, from now on."""

    limit: Decimal
    reason: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account at one set of prices under one policy; totals rounded once to the minor unit.

    `loan` is exact (accrued interest has 8 decimals); collateral is rounded down, requirements up.
    """

    price_set: UUID
    policy_version: int
    health: Health
    loan: Decimal
    limit: Decimal
    market_value: Decimal
    lending_value: Decimal
    capital_value: Decimal
    shortfall: Decimal
    call_amount: Decimal


@event("margin.warning-raised", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRaised:
    """The loan came near the lending value."""

    standing: Standing


@event("margin.warning-cleared", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class WarningCleared:
    """The loan is well below the lending value again."""

    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceEvidence:
    """The part of a position inside one haircut tier."""

    market_value: Decimal
    haircut: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionEvidence:
    """One position as a call valued it: quantity, price, terms and arithmetic.

    The true price surely lay between `price_low` and `price_high`. `calm_price` is the price at the
    last assessment that raised no call, for virtual assets only, and `calm_fx_rate` its rate.
    Values are half-up at 18 decimals, for reading; the decision used them unrounded.
    """

    asset: str
    group: str
    quantity: Decimal
    price: Decimal
    fx_rate: Decimal
    price_source: str
    price_at: datetime
    price_state: str
    price_low: Decimal
    price_high: Decimal
    calm_price: Decimal | None
    calm_fx_rate: Decimal | None
    terms: AssetTerms | None
    slices: tuple[SliceEvidence, ...]
    market_value: Decimal
    collateral_value: Decimal
    counted: Decimal
    capital_value: Decimal


@event("margin.call-issued", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallIssued:
    """The client must restore `target`: D = securities + va, each by its own deadline.

    With the positions, caps, triggers and target it names, every number of `standing` and both
    parts of D can be computed again (`explanation.recompute`).
    """

    call: UUID
    currency: str
    standing: Standing
    securities: Decimal
    va: Decimal
    securities_due_at: datetime | None
    va_due_at: datetime | None
    calm_price_set: UUID | None
    triggers: Triggers
    target: Decimal
    caps: dict[str, ConcentrationCap]
    positions: tuple[PositionEvidence, ...]


@event("margin.call-part-met", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallPartMet:
    """A cure lowered what is asked for by `cured`; it counts towards the part that is due first."""

    call: UUID
    cured: Decimal
    securities_left: Decimal
    va_left: Decimal
    standing: Standing


@event("margin.call-met", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallMet:
    """A cure restored the target."""

    call: UUID
    standing: Standing


@event("margin.call-relieved", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallRelieved:
    """Prices alone restored the target; the call is met if that lasts for the dwell time."""

    call: UUID
    standing: Standing


@event("margin.call-relief-lost", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallReliefLost:
    """Prices fell again before the dwell time was over; the deadlines stand."""

    call: UUID
    standing: Standing


@event("margin.call-met-by-market", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallMetByMarket:
    """Prices restored the target for as long as the dwell time asks."""

    call: UUID
    relieved_at: datetime
    standing: Standing


@event("margin.call-extended", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallExtended:
    """A second person moved the deadline of one part, within the policy's longest extension."""

    call: UUID
    part: AssetKind
    due_before: datetime
    due_at: datetime
    reason: str


@event("margin.call-disputed", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallDisputed:
    """The client contests the call; its deadlines go on."""

    call: UUID
    reason: str


@event("margin.call-expired", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallExpired:
    """A deadline ended, once, with this much unmet; the firm may sell within `scope`."""

    call: UUID
    scope: Scope
    cause: Cause
    unmet: Decimal
    standing: Standing


@event("margin.call-cancelled", audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class CallCancelled:
    """The call should not have been made, or is withdrawn."""

    call: UUID
    reason: str


@event("margin.price-hold-placed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHoldPlaced:
    """Whether the account is in call depends on doubtful prices; nothing is called or sold on them."""

    hold: UUID
    assets: tuple[str, ...]
    standing: Standing


@event("margin.price-hold-lifted")
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHoldLifted:
    """The doubt is gone, or no longer matters."""

    hold: UUID
    standing: Standing


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
    """The plan's orders went to the outbox, each under the key call:version:leg."""

    sale: UUID
    call: UUID
    version: int
    keys: tuple[str, ...]


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
