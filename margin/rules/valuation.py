"""The pricing kernel: what a book is worth, lends and counts for capital.

FORMULAS, Collateral. One function serves the schedule, price ticks, order checks, what-if,
stress, rehearsal of a policy and the recomputation of a past call. All values are unrounded, in
the base currency of the policy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from brokerage.ledger.amounts import ONE, ZERO
from brokerage.ledger.refusal import Refused

from .concentration import Group, capped_total, counted
from .exact import exact
from .policy import AssetTerms, MarginPolicy, TierBasis, flat

NO_VALUE = flat(ONE)


class PriceMissing(Refused):
    """A decision that needs a price the price set does not have."""

    code = "margin.price-missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price in the asset's currency and what one unit of that currency is worth in base currency."""

    price: Decimal
    fx_rate: Decimal = ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A margin account as the rules see it.

    `positions` are quantities of pledged assets by asset; `loan` is the loan with accrued interest
    and unsettled debit (below zero: money in credit); `limit` is the credit limit.
    """

    positions: dict[str, Decimal]
    loan: Decimal
    limit: Decimal


class TierSlice(NamedTuple):
    """The part of a position inside one haircut tier: market value and the tier's haircut."""

    market_value: Decimal
    haircut: Decimal

    @property
    def collateral_value(self) -> Decimal:
        """What the slice lends: market value less haircut."""
        return self.market_value * (ONE - self.haircut)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One position valued. `counted` is its collateral value after its group's cap.

    Without a quote the position has no price and counts as nothing.
    """

    asset: str
    group: str
    quantity: Decimal
    quote: Quote | None
    slices: tuple[TierSlice, ...]
    market_value: Decimal
    collateral_value: Decimal
    counted: Decimal
    capital_value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A whole book valued: its lines and groups by name, and the three totals."""

    lines: tuple[Line, ...]
    groups: tuple[Group, ...]
    market_value: Decimal
    lending_value: Decimal
    capital_value: Decimal

    @property
    def unpriced(self) -> tuple[str, ...]:
        """The assets that count as nothing because they have no price."""
        return tuple(line.asset for line in self.lines if line.quote is None)


def quote_of(quotes: Mapping[str, Quote], asset: str) -> Quote:
    """The quote of an asset; raises PriceMissing if the price set has none."""
    try:
        return quotes[asset]
    except KeyError:
        raise PriceMissing(f"There is no price for {asset}; adopt one first.", asset=asset) from None


def check_priced(positions: Mapping[str, Decimal], quotes: Mapping[str, Quote]) -> None:
    """Pass if every position has a price, as new credit and withdrawals ask; raises PriceMissing."""
    for asset, quantity in positions.items():
        if quantity:
            quote_of(quotes, asset)


@exact
def tier_slices(terms: AssetTerms | None, quantity: Decimal, quote: Quote) -> tuple[TierSlice, ...]:
    """The position cut at its marginal tiers (FORMULAS, Collateral).

    A negative balance counts in full; an asset without terms lends nothing (VAF-4).
    """
    unit = quote.price * quote.fx_rate
    if quantity < ZERO:
        return (TierSlice(quantity * unit, ZERO),)
    tiers = NO_VALUE if terms is None else terms.tiers
    by_quantity = terms is not None and terms.basis is TierBasis.QUANTITY
    size, per = (quantity, unit) if by_quantity else (quantity * unit, ONE)
    slices, start = [], ZERO
    for tier in tiers:
        end = size if tier.up_to is None else min(size, tier.up_to)
        if end > start:
            slices.append(TierSlice((end - start) * per, tier.haircut))
            start = end
    return tuple(slices)


@exact
def collateral_value(terms: AssetTerms | None, quantity: Decimal, quote: Quote) -> Decimal:
    """CV of one position, before concentration caps, in base currency."""
    return sum((part.collateral_value for part in tier_slices(terms, quantity, quote)), ZERO)


@exact
def value(positions: Mapping[str, Decimal], quotes: Mapping[str, Quote], policy: MarginPolicy) -> Valuation:
    """The book at these prices under this policy.

    A position without a price counts as nothing, so that it hides no call; raises PriceMissing for a
    negative one, whose worth against the account nobody knows.

    Order: tiers, then related names merge, then caps. Positions of zero are left out. Totals and
    lines are exact; only the split of a capped group over its lines (`counted`) and a capped
    total without a finite decimal form are divided.
    """
    lines = [
        _line(asset, quantity, quotes.get(asset) if quantity > ZERO else quote_of(quotes, asset), policy)
        for asset, quantity in sorted(positions.items())
        if quantity
    ]
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.group] = sums.get(line.group, ZERO) + line.collateral_value
    groups = tuple(Group(name, total, policy.cap_of(name)) for name, total in sums.items())
    lending_value = capped_total(groups)
    for group in groups:
        if counted(group, lending_value) < group.value:
            _share_out(lines, group.name, counted(group, lending_value), group.value)
    return Valuation(
        lines=tuple(lines),
        groups=groups,
        market_value=sum((line.market_value for line in lines), ZERO),
        lending_value=lending_value,
        capital_value=sum((line.capital_value for line in lines), ZERO),
    )


def _line(asset: str, quantity: Decimal, quote: Quote | None, policy: MarginPolicy) -> Line:
    terms = policy.assets.get(asset)
    slices = () if quote is None else tier_slices(terms, quantity, quote)
    market_value = ZERO if quote is None else quantity * quote.price * quote.fx_rate
    lent = sum((part.collateral_value for part in slices), ZERO)
    kept = ONE - (ONE if terms is None else terms.capital_haircut)
    return Line(
        asset=asset,
        group=policy.group_of(asset),
        quantity=quantity,
        quote=quote,
        slices=slices,
        market_value=market_value,
        collateral_value=lent,
        counted=lent,
        capital_value=market_value if quantity < ZERO else market_value * kept,
    )


def _share_out(lines: list[Line], group: str, total: Decimal, whole: Decimal) -> None:
    """Spread what a capped group counts for over its lines by value; the last line takes the rest."""
    members = [index for index, line in enumerate(lines) if line.group == group]
    rest = total
    for index in members:
        line = lines[index]
        part = rest if index == members[-1] else line.collateral_value * total / whole
        lines[index] = replace(line, counted=part)
        rest -= part


@exact
def shortfall(loan: Decimal, lending_value: Decimal, limit: Decimal) -> Decimal:
    """S = max(0, L - min(LV, limit))."""
    return max(ZERO, loan - min(lending_value, limit))


@exact
def excess(loan: Decimal, lending_value: Decimal, limit: Decimal) -> Decimal:
    """min(LV, limit) - L; below zero it is the shortfall with a minus sign."""
    return min(lending_value, limit) - loan


@exact
def capital_charge(loan: Decimal, capital_value: Decimal) -> Decimal:
    """max(0, L - capital value): what the account costs the firm in liquid capital (FRR-5, VAF-6)."""
    return max(ZERO, loan - capital_value)


@exact
def loan_to_value(loan: Decimal, market_value: Decimal) -> Decimal | None:
    """LTV = L / MV as a fraction, for display; None when there is no market value."""
    return loan / market_value if market_value > ZERO else None


@exact
def margin_ratio(loan: Decimal, lending_value: Decimal) -> Decimal | None:
    """MR = L / LV as a fraction, for display; None when LV is not positive. Decisions never divide."""
    return loan / lending_value if lending_value > ZERO else None
