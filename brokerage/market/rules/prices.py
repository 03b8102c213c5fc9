"""One price at a time: what is refused at the door, how old it is, what its state permits.

Source: FORMULAS, "Price faults and what they may cause". The limits in `HOUSE` are the house's own
choice, not law; `HOUSE_NAME` is recorded with each adopted set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from brokerage.ledger.amounts import PLACES
from brokerage.ledger.refusal import Refused

from .instruments import AssetClass

SMALLEST = Decimal("1e-12")
LARGEST = Decimal("1e12")
FUTURE_TOLERANCE = timedelta(seconds=2)

Age = Callable[[datetime], timedelta]
"""How old a price with that source time is at the instant in question."""


class BadPrice(Refused):
    """Zero, negative, not a number, infinite, absurd or finer than 18 places."""

    code = "market.bad-price"


class WrongUnit(Refused):
    """A price in another currency than the instrument is quoted in."""

    code = "market.wrong-unit"


class FuturePrice(Refused):
    """A source time later than the time of receipt, beyond what clocks may differ."""

    code = "market.future-price"


class OutOfOrder(Refused):
    """An observation older than one already taken from the same source."""

    code = "market.out-of-order"


class DuplicateObservation(Refused):
    """A second observation of the same source and source time."""

    code = "market.duplicate-observation"


class PriceState(StrEnum):
    """How far an adopted price may be trusted."""

    FRESH = "fresh"
    STALE = "stale"
    DISPUTED = "disputed"
    SUSPENDED = "suspended"


class Use(StrEnum):
    """What a price may be wanted for."""

    NEW_CREDIT = "new-credit"
    WITHDRAWAL = "withdrawal"
    MARGIN_CALL = "margin-call"
    LIQUIDATION = "liquidation"
    FUNDING = "funding"


class Answer(StrEnum):
    """Whether a price may be used: HELD waits for a better price, SECOND_PERSON for an approval."""

    YES = "yes"
    NO = "no"
    HELD = "held"
    SECOND_PERSON = "second-person"


_YES, _NO, _HELD = Answer.YES, Answer.NO, Answer.HELD
_PERMITS: Mapping[PriceState, tuple[Answer, ...]] = {
    PriceState.FRESH: (_YES, _YES, _YES, _YES, _YES),
    PriceState.STALE: (_NO, _NO, _HELD, Answer.SECOND_PERSON, _YES),
    PriceState.DISPUTED: (_NO, _NO, _HELD, _HELD, _NO),
    # Not in the table: the margin policy lets a suspended name count for ever less, so calls must
    # come through; selling it is impossible.
    PriceState.SUSPENDED: (_NO, _NO, _YES, _HELD, _NO),
}


def permits(state: PriceState, use: Use) -> Answer:
    """What a price in that state may cause. STALE permits funding if index points suffice.

    HELD holds only if the outcome depends on the faulty price: evaluate at both ends of its band.
    """
    return dict(zip(Use, _PERMITS[state], strict=True))[use]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one source said: a price in `currency` per unit of the instrument, and when."""

    instrument: str
    source: str
    price: Decimal
    currency: str
    source_time: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One price a source names: in `currency` per unit of the instrument, at its own time."""

    instrument: str
    price: Decimal
    currency: str
    source_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePolicy:
    """The limits for one class of instrument.

    `max_age` beyond which a price is stale, counted in session time where `in_sessions`;
    `jump_limits` the greatest relative move by elapsed time, ascending, the last one open-ended;
    `spread` the greatest relative deviation from the median of the sources; `min_sources` live
    sources without which a price counts as stale.
    """

    max_age: timedelta
    in_sessions: bool
    jump_limits: tuple[tuple[timedelta, Decimal], ...]
    spread: Decimal
    min_sources: int = 1

    def jump_limit(self, elapsed: timedelta) -> Decimal:
        """The greatest relative move accepted from one source after `elapsed`."""
        for reach, limit in self.jump_limits:
            if elapsed <= reach:
                return limit
        return self.jump_limits[-1][1]


HOUSE_NAME = "house-1"
_TICK, _HOUR, _LONG = timedelta(minutes=10), timedelta(hours=1), timedelta(days=4)
_SECURITY = PricePolicy(
    max_age=timedelta(minutes=15),
    in_sessions=True,
    jump_limits=((_TICK, Decimal("0.10")), (_HOUR, Decimal("0.20")), (_LONG, Decimal("0.40"))),
    spread=Decimal("0.02"),
)
HOUSE: Mapping[AssetClass, PricePolicy] = {
    AssetClass.SHARE: _SECURITY,
    AssetClass.ETF: _SECURITY,
    AssetClass.CRYPTO: PricePolicy(
        max_age=timedelta(minutes=5),
        in_sessions=False,
        jump_limits=((_TICK, Decimal("0.10")), (_HOUR, Decimal("0.20")), (_LONG, Decimal("0.40"))),
        spread=Decimal("0.02"),
    ),
    AssetClass.CURRENCY: PricePolicy(
        max_age=timedelta(days=1),
        in_sessions=False,
        jump_limits=((_LONG, Decimal("0.02")),),
        spread=Decimal("0.005"),
    ),
}
"""House choice (H): limits a real broker sets with its risk committee."""


def checked_price(price: Decimal, *, name: str = "price") -> Decimal:
    """The same price, proved usable: 1e-12 <= price < 1e12 with at most 18 decimal places.

    Raises BadPrice otherwise, NaN and infinities included, and TypeError for what is no Decimal.
    """
    if type(price) is not Decimal:
        raise TypeError(f"{name} must be Decimal, not {type(price).__name__}")
    exponent = price.as_tuple().exponent
    if not isinstance(exponent, int) or not SMALLEST <= price < LARGEST:
        raise BadPrice(f"The {name} must be a number from 1e-12 up to 1e12.", value=str(price))
    if exponent < -PLACES:
        raise BadPrice(f"The {name} has more than {PLACES} decimal places.", value=str(price))
    return price


def admitted(observation: Observation, *, currency: str, previous: datetime | None) -> Observation:
    """The same observation, if it may enter the book.

    `currency` is what the instrument is quoted in, `previous` the latest source time already taken
    from this source for it. Raises BadPrice, WrongUnit, FuturePrice (more than two seconds past
    receipt), DuplicateObservation or OutOfOrder.
    """
    checked_price(observation.price)
    what = {"instrument": observation.instrument, "source": observation.source}
    if observation.currency != currency:
        raise WrongUnit(f"This instrument is priced in {currency}.", got=observation.currency, **what)
    if observation.source_time > observation.received_at + FUTURE_TOLERANCE:
        raise FuturePrice("The source time lies in the future.", source_time=observation.source_time, **what)
    if previous is not None and observation.source_time == previous:
        raise DuplicateObservation("This source time was already taken.", source_time=previous, **what)
    if previous is not None and observation.source_time < previous:
        raise OutOfOrder("A later price of this source was already taken.", previous=previous, **what)
    return observation
