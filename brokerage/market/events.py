"""The facts of the market room.

Observations are facts of the book too: what a source said decides prices, so it is recorded and
hashed like everything a rule reads. A price set is adopted as a whole, with its rates.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from brokerage.ledger.registry import event

from .rules.adoption import AdoptedPrice
from .rules.calendars import Closure
from .rules.fx import FxRate
from .rules.instruments import Terms
from .rules.price_csv import Close
from .rules.prices import Observation


@event("market.instrument-listed")
@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentListed:
    """An instrument can be held and priced from now on."""

    terms: Terms


@event("market.instrument-changed")
@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentChanged:
    """The terms of an instrument from now on; what it is has not changed."""

    terms: Terms


@event("market.price-observed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceObserved:
    """One source named one price."""

    observation: Observation


@event("market.price-file-imported")
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFileImported:
    """A whole file of closes came in; `row_count` counts its lines, `closes` those new to the feed."""

    instrument: str
    source: str
    content_hash: str
    row_count: int
    received_at: datetime
    closes: tuple[Close, ...]


@event("market.price-set-adopted")
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSetAdopted:
    """The prices and rates that count for a slot; a later revision of the slot replaces an earlier one."""

    price_set: UUID
    slot: datetime
    revision: int
    policy: str
    prices: tuple[AdoptedPrice, ...]
    rates: tuple[FxRate, ...]


@event("market.price-quarantined")
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceQuarantined:
    """A lone source moved too far from the reference; the price waits for a second opinion."""

    quarantine: UUID
    price_set: UUID
    observation: Observation
    reference_price: Decimal
    reference_time: datetime


@event("market.price-released")
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReleased:
    """Two people found a quarantined price to be real: it is the reference from its source time on."""

    quarantine: UUID
    reason: str


@event("market.closure-declared")
@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureDeclared:
    """A day, or part of it, is closed."""

    closure: Closure
