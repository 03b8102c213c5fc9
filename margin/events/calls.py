"""Facts of an account's standing: warnings, price holds, and margin calls through their life.

Amounts are in the account's base currency. A call names everything it rests on, so that each of its
numbers can be derived again from the event alone.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from ..rules.calls import Health
from ..rules.lifecycle import Scope
from ..rules.policy import AssetKind, AssetTerms, ConcentrationCap, Triggers

NO_PRICE = "missing"
"""The `price_state` of a position without a price, which counts as nothing."""


class Cause(StrEnum):
    """Why a deadline ended."""

    DEADLINE = "deadline"
    HARD_TRIGGER = "hard-trigger"


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
    last assessment that raised no call, for virtual assets only, and `calm_fx_rate` its rate. A position
    without a price has state NO_PRICE, a price of zero, and no source or time.
    Values are half-up at 18 decimals, for reading; the decision used them unrounded.
    """

    asset: str
    group: str
    quantity: Decimal
    price: Decimal
    fx_rate: Decimal
    price_source: str
    price_at: datetime | None
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
