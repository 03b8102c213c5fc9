"""The price of one instrument in an adopted set: policy, calendar and suspension around `judge`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from .calendars import HongKongCalendar, hong_kong_date
from .instruments import Terms
from .judgement import Reference, judge
from .prices import HOUSE, Observation, PricePolicy, PriceState


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedPrice:
    """The price of one instrument in a set, in the instrument's currency per unit.

    The true price surely lies in [low, high]. `reference_price` is the last accepted price: the one
    the next set is measured against. A suspended security
    names the first day without trading.
    """

    instrument: str
    price: Decimal
    low: Decimal
    high: Decimal
    state: PriceState
    source: str
    source_time: datetime
    reference_price: Decimal
    reference_time: datetime
    suspended_since: date | None


class Verdict(NamedTuple):
    """A price to adopt, and the observation that jumped too far to be it, if one did."""

    adopted: AdoptedPrice
    quarantined: Observation | None


def price_at(
    slot: datetime,
    terms: Terms,
    candidates: Sequence[Observation],
    reference: Reference | None,
    calendar: HongKongCalendar,
) -> Verdict:
    """The price of an instrument at `slot` under the house's policy for its class.

    `candidates` are the latest observations of each source by then, at least one; `reference` is
    the last accepted price. See `judgement.judge`.
    """
    policy = HOUSE[terms.asset_class]
    since = terms.suspended_since
    suspended = since is not None and since <= hong_kong_date(slot)
    judged = judge(
        candidates, reference, policy, partial(price_age, policy, calendar, at=slot), suspended=suspended
    )
    adopted = AdoptedPrice(
        instrument=terms.code,
        price=judged.price,
        low=judged.low,
        high=judged.high,
        state=judged.state,
        source=judged.source,
        source_time=judged.source_time,
        reference_price=judged.reference.price,
        reference_time=judged.reference.source_time,
        suspended_since=since if suspended else None,
    )
    return Verdict(adopted, judged.quarantined)


def price_age(policy: PricePolicy, calendar: HongKongCalendar, since: datetime, at: datetime) -> timedelta:
    """The age of a price at an instant: session time for securities, the wall clock for the rest."""
    return calendar.session_time(since, at) if policy.in_sessions else at - since
