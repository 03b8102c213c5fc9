"""Prices and policy a command decides with, and an account judged by them, rounded for the record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from uuid import UUID

from brokerage.ledger.amounts import ONE, ZERO
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused
from brokerage.market import queries as market
from brokerage.market.rules.calendars import Calendar, HongKongCalendar
from brokerage.market.rules.prices import Answer, Use

from .. import explanation, queries
from ..events import NO_PRICE, PositionEvidence, Standing
from ..queries import Prices
from ..rules.calls import Assessment, Health, assess, banded_health, is_met
from ..rules.policy import AssetKind, MarginPolicy
from ..rules.valuation import Book, Line, Quote


class NoPriceSet(Refused):
    """No prices have been adopted yet."""

    code = "margin.no-price-set"


class PricesSuperseded(Refused):
    """New credit or a withdrawal asked for at prices that newer ones have replaced."""

    code = "margin.prices-superseded"


@dataclass(frozen=True, slots=True)
class BankDays:
    """The calendar securities deadlines run in: Hong Kong bank days, when money can be paid (H)."""

    calendar: HongKongCalendar

    def next_business_day(self, day: date) -> date:
        """The first bank day after `day`."""
        return self.calendar.next_business_day(Calendar.BANK, day)


@dataclass(frozen=True, kw_only=True)
class View:
    """A price set and the policy in force, with the haircuts of suspended securities raised."""

    prices: Prices
    version: int
    policy: MarginPolicy

    @cached_property
    def bank_days(self) -> BankDays:
        """The calendar of deadlines, read once for all accounts that look through this view."""
        return BankDays(market.calendar())


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An account judged: `health` allows for doubtful prices, named in `doubtful`; `hold` if they decide.

    `worse` is the account at the worse end of the doubtful prices' bands.
    """

    assessment: Assessment
    worse: Assessment
    health: Health
    doubtful: tuple[str, ...]
    hold: bool

    def is_met(self, policy: MarginPolicy) -> bool:
        """Whether a call would be met at the adopted prices."""
        return _meets(self.assessment, policy)

    def is_surely_met(self, policy: MarginPolicy) -> bool:
        """Whether a call is met whatever doubtful prices turn out to be: a doubt never ends a call."""
        return _meets(self.worse, policy)


def _meets(assessment: Assessment, policy: MarginPolicy) -> bool:
    book = assessment.book
    return is_met(book.loan, assessment.valuation.lending_value, book.limit, policy.target)


def view(entry: Entry, currency: str, price_set: UUID | None) -> View:
    """Prices and policy as they stand at the entry's business time; without a set the latest one.

    Raises NoPriceSet, UnknownPriceSet, MissingRate or NoPolicy.
    """
    terms = queries.policy_in_force(entry.effective_at)
    if price_set is None:
        latest = market.latest_price_set(entry.effective_at)
        if latest is None:
            raise NoPriceSet("Adopt a price set first.")
        price_set = latest.id
    prices = queries.prices(price_set, currency, at=entry.effective_at)
    return View(prices=prices, version=terms.version, policy=prices.apply(terms.policy))


def check_newest(entry: Entry, price_set: UUID | None) -> None:
    """Pass if these are the newest prices at the entry's business time, or none were named."""
    latest = market.latest_price_set(entry.effective_at) if price_set is not None else None
    if latest is not None and latest.id != price_set:
        raise PricesSuperseded("Newer prices were adopted meanwhile; ask again at those.", newest=latest.id)


def judge(book: Book, seen: View) -> Judged:
    """The book judged at the adopted prices and, where prices are doubtful, at both ends of their bands."""
    assessment = assess(book, seen.prices.quotes, seen.policy)
    bands = {asset: band for asset, band in seen.prices.bands.items() if book.positions.get(asset)}
    if not bands:
        return Judged(
            assessment=assessment, worse=assessment, health=assessment.health, doubtful=(), hold=False
        )
    banded = banded_health(book, seen.prices.quotes, bands, seen.policy)
    return Judged(
        assessment=assessment,
        worse=banded.worse,
        health=banded.health,
        doubtful=tuple(sorted(bands)),
        hold=banded.hold,
    )


def standing(judged: Judged, seen: View, places: int) -> Standing:
    """The judged account as an event records it."""
    return explanation.standing(judged.assessment, judged.health, seen.prices.price_set, seen.version, places)


def evidence(judged: Judged, seen: View, calm: Mapping[str, Quote]) -> tuple[PositionEvidence, ...]:
    """Every position with what its value rests on; `calm` are the prices before, for virtual assets."""
    return tuple(_position(line, seen, calm) for line in judged.assessment.valuation.lines)


def _position(line: Line, seen: View, calm: Mapping[str, Quote]) -> PositionEvidence:
    quote = seen.prices.evidence.get(line.asset)
    terms = seen.policy.assets.get(line.asset)
    before = calm.get(line.asset) if terms is not None and terms.kind is AssetKind.VA else None
    return PositionEvidence(
        asset=line.asset,
        group=line.group,
        quantity=line.quantity,
        price=ZERO if quote is None else quote.price,
        fx_rate=ONE if quote is None else quote.fx,
        price_source="" if quote is None else quote.source,
        price_at=None if quote is None else quote.source_time,
        price_state=NO_PRICE if quote is None else quote.state.value,
        price_low=ZERO if quote is None else quote.low,
        price_high=ZERO if quote is None else quote.high,
        calm_price=None if before is None else before.price,
        calm_fx_rate=None if before is None else before.fx_rate,
        terms=terms,
        **explanation.arithmetic(line),
    )


def creditworthy(book: Book, prices: Prices) -> Book:
    """The book less the positions whose prices carry no new credit: those count for nothing then."""
    positions = {
        asset: quantity
        for asset, quantity in book.positions.items()
        if quantity < ZERO or prices.permit(asset, Use.NEW_CREDIT) is Answer.YES
    }
    return replace(book, positions=positions)
