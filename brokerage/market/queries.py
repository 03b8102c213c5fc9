"""What the market room knows: instruments, calendars, adopted prices and rates."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from brokerage.ledger.refusal import Refused

from .models import Closure, Instrument, PriceSet, PriceSetLine, PriceSetRate, Quarantine
from .rules.adoption import price_age
from .rules.calendars import HongKongCalendar
from .rules.fx import FxRate, conversion
from .rules.instruments import AssetClass, Terms
from .rules.judgement import band
from .rules.prices import HOUSE, PricePolicy, PriceState


class UnknownInstrument(Refused):
    """A code that was never listed."""

    code = "market.unknown-instrument"


class UnknownPriceSet(Refused):
    """A price set that was never adopted."""

    code = "market.unknown-price-set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price to value with: in `currency` per unit, `fx` units of the base currency per `currency`.

    The true price surely lies in [low, high]; `state` says what it may cause (`prices.permits`).
    A suspended security names the first day without trading: its haircut grows from then on.
    """

    price: Decimal
    low: Decimal
    high: Decimal
    currency: str
    fx: Decimal
    state: PriceState
    source: str
    source_time: datetime
    suspended_since: date | None


def instruments() -> dict[str, Terms]:
    """All listed instruments by code."""
    return {row.code: row.terms for row in Instrument.objects.all()}


def instruments_of(codes: Iterable[str]) -> dict[str, Terms]:
    """The terms of these instruments by code; raises UnknownInstrument for the first that is none."""
    wanted = list(codes)
    found = {row.code: row.terms for row in Instrument.objects.filter(code__in=wanted)}
    for code in wanted:
        if code not in found:
            raise UnknownInstrument("No instrument with this code is listed.", instrument=code)
    return found


def instrument(code: str) -> Terms:
    """The terms of one instrument; raises UnknownInstrument."""
    return instruments_of([code])[code]


def calendar() -> HongKongCalendar:
    """The four calendars with every closure declared so far."""
    return HongKongCalendar(tuple(row.terms for row in Closure.objects.order_by("day", "declared_at")))


def latest_price_set(at: datetime | None = None) -> PriceSet | None:
    """The newest revision of the latest slot, or of the latest slot not after `at`."""
    sets = PriceSet.objects.all() if at is None else PriceSet.objects.filter(slot__lte=at)
    return sets.order_by("-slot", "-revision").first()


def price_set(identifier: UUID) -> PriceSet:
    """One adopted set; raises UnknownPriceSet."""
    found = PriceSet.objects.filter(id=identifier).first()
    if found is None:
        raise UnknownPriceSet("No price set with this identifier was adopted.", price_set=identifier)
    return found


def rates(price_set: UUID) -> tuple[FxRate, ...]:
    """The exchange rates recorded with a set."""
    rows = PriceSetRate.objects.filter(price_set=price_set)
    return tuple(FxRate(base=row.base, quote=row.quote, rate=row.rate) for row in rows)


def quotes(price_set: UUID, base: str, *, at: datetime | None = None) -> dict[str, Quote]:
    """The quote of every instrument in a set, by code, with rates into the currency `base`.

    As adopted, or with `at` as they stand at that instant: a price that has outlived its class's
    limit since is STALE, with the band that goes with it. Raises MissingRate, UnknownPriceSet.
    """
    known = rates(price_set)
    lines = list(PriceSetLine.objects.filter(price_set=price_set).select_related("instrument"))
    if not lines:
        raise UnknownPriceSet("No price set with this identifier was adopted.", price_set=price_set)
    found = {line.instrument.code: _quote(line, known, base) for line in lines}
    if at is None:
        return found
    hours = calendar()
    classes = {line.instrument.code: AssetClass(line.instrument.asset_class) for line in lines}
    return {code: aged(quote, HOUSE[classes[code]], hours, at) for code, quote in found.items()}


def aged(quote: Quote, policy: PricePolicy, hours: HongKongCalendar, at: datetime) -> Quote:
    """The quote as it stands at an instant: fresh ones may have become stale, nothing gets better."""
    age = price_age(policy, hours, quote.source_time, at)
    if quote.state is not PriceState.FRESH or age <= policy.max_age:
        return quote
    low, high = band(quote.price, policy, age)
    return replace(quote, state=PriceState.STALE, low=low, high=high)


def open_quarantines() -> list[Quarantine]:
    """Prices that wait for a second person, newest first."""
    return list(Quarantine.objects.filter(released_at=None).select_related("instrument"))


def _quote(line: PriceSetLine, known: tuple[FxRate, ...], base: str) -> Quote:
    currency = line.instrument.currency
    return Quote(
        price=line.price,
        low=line.low,
        high=line.high,
        currency=currency,
        fx=conversion(known, currency, base),
        state=PriceState(line.state),
        source=line.source,
        source_time=line.source_time,
        suspended_since=line.suspended_since,
    )
