"""Margin calls: the health of an account, how much a call asks for and what would cure it.

FORMULAS, Call, Deadline and Price faults. A loan is always compared with trigger x LV; nothing is
divided by a lending value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from brokerage.ledger.amounts import ONE, ZERO, down, lots_up, up

from .concentration import multiple
from .exact import exact
from .policy import AssetKind, AssetTerms, MarginPolicy, TierBasis, Triggers
from .trade import deposit_of
from .valuation import NO_VALUE, Book, Quote, Valuation, quote_of, shortfall, value


class Health(StrEnum):
    """How an account stands, mildest first."""

    NORMAL = "normal"
    WARNING = "warning"
    CALL = "call"
    HARD = "hard"

    @property
    def in_call(self) -> bool:
        """Whether a call must be open."""
        return self in (Health.CALL, Health.HARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An account judged at one set of prices: unrounded."""

    health: Health
    book: Book
    valuation: Valuation
    call_amount: Decimal
    shortfall: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """An assessment rounded once for the record: requirements up, collateral down."""

    health: Health
    loan: Decimal
    limit: Decimal
    market_value: Decimal
    lending_value: Decimal
    capital_value: Decimal
    call_amount: Decimal
    shortfall: Decimal


class CallSplit(NamedTuple):
    """A call amount and its parts by deadline; total = securities + va."""

    total: Decimal
    securities: Decimal
    va: Decimal


class Cure(NamedTuple):
    """The least deposit of one asset that meets the target, and its market value in base currency."""

    asset: str
    quantity: Decimal
    market_value: Decimal


class Band(NamedTuple):
    """The lowest and highest price a faulty price is allowed to stand for."""

    low: Decimal
    high: Decimal


class BandedHealth(NamedTuple):
    """Health when some prices are in doubt: the milder end, and whether to hold because ends differ.

    `worse` is the book at the worse end of every band.
    """

    health: Health
    hold: bool
    worse: "Assessment"


@exact
def health(loan: Decimal, lending_value: Decimal, limit: Decimal, triggers: Triggers) -> Health:
    """How the account stands (FORMULAS, Call); without a loan it is NORMAL."""
    if loan <= ZERO:
        return Health.NORMAL
    if loan >= multiple(triggers.hard, lending_value):
        return Health.HARD
    if loan > multiple(triggers.call, lending_value) or loan > limit:
        return Health.CALL
    return Health.WARNING if loan > multiple(triggers.warning, lending_value) else Health.NORMAL


@exact
def is_met(loan: Decimal, lending_value: Decimal, limit: Decimal, target: Decimal) -> bool:
    """Whether a call is met: L <= r LV and L <= limit, or no loan is left."""
    return loan <= ZERO or (loan <= multiple(target, lending_value) and loan <= limit)


@exact
def call_amount(loan: Decimal, lending_value: Decimal, limit: Decimal, target: Decimal) -> Decimal:
    """D = max(0, L - r LV, L - limit), unrounded: cash that meets the call; a call is raised if S > 0."""
    if loan <= ZERO:
        return ZERO
    return min(loan, max(ZERO, loan - multiple(target, lending_value), loan - limit))


@exact
def assess(book: Book, quotes: Mapping[str, Quote], policy: MarginPolicy) -> Assessment:
    """Value the book and judge it; raises as `value`."""
    valuation = value(book.positions, quotes, policy)
    lending_value = valuation.lending_value
    return Assessment(
        health=health(book.loan, lending_value, book.limit, policy.triggers),
        book=book,
        valuation=valuation,
        call_amount=call_amount(book.loan, lending_value, book.limit, policy.target),
        shortfall=shortfall(book.loan, lending_value, book.limit),
    )


def figures(assessment: Assessment, places: int = 2) -> Figures:
    """The assessment's totals in the minor unit: requirements up, collateral down."""
    valuation = assessment.valuation
    return Figures(
        health=assessment.health,
        loan=up(assessment.book.loan, places),
        limit=assessment.book.limit,
        market_value=down(valuation.market_value, places),
        lending_value=down(valuation.lending_value, places),
        capital_value=down(valuation.capital_value, places),
        call_amount=up(assessment.call_amount, places),
        shortfall=up(assessment.shortfall, places),
    )


@exact
def split_call(
    book: Book,
    quotes: Mapping[str, Quote],
    quotes_before: Mapping[str, Quote],
    policy: MarginPolicy,
    places: int = 2,
) -> CallSplit:
    """The call amount by deadline, each part in the minor unit (D and D_sec up, D_va the difference).

    D_sec is D recomputed with the VA prices of the last assessment that raised no call
    (`quotes_before`; a VA without one keeps its present price), never more than D.
    """
    calmer = {
        asset: quotes_before.get(asset, quote) if _is_va(asset, policy) else quote
        for asset, quote in quotes.items()
    }
    total = up(assess(book, quotes, policy).call_amount, places)
    securities = min(total, up(assess(book, calmer, policy).call_amount, places))
    return CallSplit(total, securities, total - securities)


@exact
def cure(
    book: Book, asset: str, quotes: Mapping[str, Quote], policy: MarginPolicy, lot: Decimal
) -> Cure | None:
    """The least deposit of `asset`, in lots, for which full revaluation meets the target; None if none does.

    The value the asset's group must reach follows from `concentration.headroom` at the present
    loan, so tiers and caps are inverted in one step. With negative balances in capped books the
    amount is enough, but need not be the least.
    """
    deposit = deposit_of(book, asset, quotes, policy, lot)
    unit = deposit.unit
    if deposit.meets(0):
        return Cure(asset, ZERO, ZERO)
    wanted = deposit.value_needed()
    if book.loan > book.limit or wanted is None or unit <= ZERO:
        return None
    quantity = _quantity_lending(policy.assets.get(asset), quote_of(quotes, asset), wanted)
    if quantity is None:
        return None
    added = lots_up(quantity - deposit.held, lot)
    return Cure(asset, added, added * unit)


def _quantity_lending(terms: AssetTerms | None, quote: Quote, wanted: Decimal) -> Decimal | None:
    """The least quantity whose collateral value is `wanted`; None if no quantity lends that much."""
    unit = quote.price * quote.fx_rate
    if wanted <= ZERO:
        return wanted / unit
    per = unit if terms is not None and terms.basis is TierBasis.QUANTITY else ONE
    start = ZERO
    for tier in NO_VALUE if terms is None else terms.tiers:
        kept = ONE - tier.haircut
        if tier.up_to is None or wanted <= (tier.up_to * per - start) * kept:
            return (start * kept + wanted) / (kept * unit) if kept else None
        wanted -= (tier.up_to * per - start) * kept
        start = tier.up_to * per
    return None


def banded_health(
    book: Book, quotes: Mapping[str, Quote], bands: Mapping[str, Band], policy: MarginPolicy
) -> BandedHealth:
    """Health when the prices in `bands` are in doubt (FORMULAS, Price faults).

    The book is judged with every doubtful price at its worse and at its better end. If both or
    neither end call, the milder end decides, so a bad source never causes a call or a sale;
    otherwise the outcome depends on the doubt and the account is held.
    """
    worse = assess(book, _at_end(book, quotes, bands, worse=True), policy)
    better = assess(book, _at_end(book, quotes, bands, worse=False), policy).health
    return BandedHealth(better, worse.health.in_call != better.in_call, worse)


def _at_end(
    book: Book, quotes: Mapping[str, Quote], bands: Mapping[str, Band], *, worse: bool
) -> dict[str, Quote]:
    chosen = dict(quotes)
    for asset, band in bands.items():
        if asset in chosen:
            low = worse == (book.positions.get(asset, ZERO) >= ZERO)
            chosen[asset] = replace(chosen[asset], price=band.low if low else band.high)
    return chosen


def at_worst(book: Book, quotes: Mapping[str, Quote], bands: Mapping[str, Band]) -> dict[str, Quote]:
    """The quotes with every doubtful price at the end that is worse for this book."""
    return _at_end(book, quotes, bands, worse=True)


def _is_va(asset: str, policy: MarginPolicy) -> bool:
    terms = policy.assets.get(asset)
    return terms is not None and terms.kind is AssetKind.VA
