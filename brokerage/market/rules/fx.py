"""Exchange rates of a price set: recorded house parameters, one per pair of currencies."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from brokerage.ledger.amounts import DECIDE, ONE
from brokerage.ledger.refusal import Refused

from .instruments import minor_units
from .prices import checked_price


class BadRate(Refused):
    """A pair that names one currency twice, or a set of rates that names a pair twice."""

    code = "market.bad-rate"


class MissingRate(Refused):
    """Two currencies that no rate of the set joins."""

    code = "market.missing-rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class FxRate:
    """One unit of `base` costs `rate` units of `quote`: USD, HKD, 7.80."""

    base: str
    quote: str
    rate: Decimal


def checked_rates(rates: Iterable[FxRate]) -> tuple[FxRate, ...]:
    """The same rates, proved usable; raises BadRate, BadPrice or BadCurrency otherwise."""
    checked = tuple(rates)
    for each in checked:
        minor_units(each.base)
        minor_units(each.quote)
        checked_price(each.rate, name="rate")
        if each.base == each.quote:
            raise BadRate("A rate joins two different currencies.", base=each.base)
    pairs = {frozenset((each.base, each.quote)) for each in checked}
    if len(pairs) < len(checked):
        raise BadRate("Give each pair of currencies once, in one direction.", rates=len(checked))
    return checked


def conversion(rates: Iterable[FxRate], source: str, target: str) -> Decimal:
    """How many units of `target` one unit of `source` is worth.

    Exact for a pair as quoted; the inverse of a rate carries 38 significant digits. Raises
    MissingRate when no rate joins the two.
    """
    if source == target:
        return ONE
    for each in rates:
        if (each.base, each.quote) == (source, target):
            return each.rate
        if (each.quote, each.base) == (source, target):
            return DECIDE.divide(ONE, each.rate)
    raise MissingRate("The price set holds no rate for this pair.", source=source, target=target)
