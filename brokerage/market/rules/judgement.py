"""From several sources to one price: who agrees, what jumped, and within which band the truth lies.

Source: FORMULAS, "Price faults and what they may cause"; DRILLS P1, P3, P4. One bad source never
decides: it is outvoted by two others, or the price is disputed and nothing rests on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from brokerage.ledger.amounts import DECIDE, EXACT, PLACES, half_up

from .prices import SMALLEST, Age, Observation, PricePolicy, PriceState


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The last price that was accepted: what the next one is measured against."""

    price: Decimal
    source_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The price to adopt, what it may be trusted for, and the band (low, high) it surely lies in.

    `reference` is the last accepted price from here on. `quarantined` is an observation that
    jumped too far and waits for a second source or a second person.
    """

    price: Decimal
    low: Decimal
    high: Decimal
    state: PriceState
    source: str
    source_time: datetime
    reference: Reference
    quarantined: Observation | None = None


def judge(
    candidates: Sequence[Observation],
    reference: Reference | None,
    policy: PricePolicy,
    age: Age,
    *,
    suspended: bool = False,
) -> Judged:
    """The price of one instrument from the latest observation of each source (at least one).

    Live sources beat stale ones; the sources near their median decide if they are the majority; a
    lone source must not jump beyond the limit from the reference. A suspended security keeps its
    reference. Prices have at most 18 decimals; a mean of two is rounded half-up to that.
    """
    live = [seen for seen in candidates if age(seen.source_time) <= policy.max_age]
    pool = live or [max(candidates, key=lambda seen: (seen.source_time, seen.source))]
    if suspended:
        return _settled(reference or _accepted(pool), PriceState.SUSPENDED, _names(pool))
    agreeing = _agreeing(pool, policy.spread)
    if not agreeing:
        return _disagreement(pool, reference)
    accepted = _accepted(agreeing)
    if len(agreeing) == 1 and reference is not None:
        if accepted.source_time < reference.source_time:
            accepted = reference
        elif _jumped(accepted, reference, policy):
            return _jump(agreeing[0], reference)
    if len(live) < policy.min_sources or not live:
        return _stale(accepted, policy, age, _names(agreeing))
    return _settled(accepted, PriceState.FRESH, _names(agreeing))


def median(prices: Sequence[Decimal]) -> Decimal:
    """The middle price, or the mean of the two in the middle, half-up at 18 decimals."""
    ranked = sorted(prices)
    middle = len(ranked) // 2
    if len(ranked) % 2:
        return ranked[middle]
    return half_up(EXACT.divide(EXACT.add(ranked[middle - 1], ranked[middle]), Decimal(2)), PLACES)


def _agreeing(pool: Sequence[Observation], spread: Decimal) -> list[Observation]:
    """Those within `spread` of the median, or none if they are no majority."""
    centre = median([seen.price for seen in pool])
    bound = EXACT.multiply(centre, spread)
    near = [seen for seen in pool if abs(EXACT.subtract(seen.price, centre)) <= bound]
    return near if 2 * len(near) > len(pool) else []


def _accepted(agreeing: Sequence[Observation]) -> Reference:
    # The oldest time among those who agree: a price is no younger than what it rests on.
    return Reference(
        price=median([seen.price for seen in agreeing]),
        source_time=min(seen.source_time for seen in agreeing),
    )


def _jumped(now: Reference, before: Reference, policy: PricePolicy) -> bool:
    limit = policy.jump_limit(now.source_time - before.source_time)
    return abs(EXACT.subtract(now.price, before.price)) > EXACT.multiply(limit, before.price)


def _jump(seen: Observation, reference: Reference) -> Judged:
    return Judged(
        price=reference.price,
        low=min(seen.price, reference.price),
        high=max(seen.price, reference.price),
        state=PriceState.DISPUTED,
        source=seen.source,
        source_time=reference.source_time,
        reference=reference,
        quarantined=seen,
    )


def _disagreement(pool: Sequence[Observation], reference: Reference | None) -> Judged:
    """No majority: the price within the sources' range that is nearest to the last accepted one."""
    low, high = min(seen.price for seen in pool), max(seen.price for seen in pool)
    nearest = low if reference is None else min(max(reference.price, low), high)
    oldest = min(seen.source_time for seen in pool)
    return Judged(
        price=nearest,
        low=low,
        high=high,
        state=PriceState.DISPUTED,
        source=_names(pool),
        source_time=oldest,
        reference=reference or Reference(price=low, source_time=oldest),
    )


def band(price: Decimal, policy: PricePolicy, elapsed: timedelta) -> tuple[Decimal, Decimal]:
    """How far the truth may have moved from `price` since: the jump limit down and up."""
    drift = DECIDE.multiply(policy.jump_limit(elapsed), price)
    low = half_up(DECIDE.subtract(price, drift), PLACES)
    return max(low, SMALLEST), half_up(DECIDE.add(price, drift), PLACES)


def _stale(accepted: Reference, policy: PricePolicy, age: Age, source: str) -> Judged:
    """A price too old or too lonely to rest a decision on."""
    low, high = band(accepted.price, policy, age(accepted.source_time))
    return Judged(
        price=accepted.price,
        low=low,
        high=high,
        state=PriceState.STALE,
        source=source,
        source_time=accepted.source_time,
        reference=accepted,
    )


def _settled(accepted: Reference, state: PriceState, source: str) -> Judged:
    return Judged(
        price=accepted.price,
        low=accepted.price,
        high=accepted.price,
        state=state,
        source=source,
        source_time=accepted.source_time,
        reference=accepted,
    )


def _names(pool: Sequence[Observation]) -> str:
    return ", ".join(sorted(seen.source for seen in pool))
