"""A book as one asset moves in or out lot by lot, and where along that way a condition first holds.

Collateral value is linear between tier limits and the test of a ratio is linear between the
points where a cap starts or stops to bind (`concentration.headroom`). So the lots at which
anything bends are few and known; between two of them a condition changes at most once, and
bisection finds the exact lot.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

from brokerage.ledger.amounts import ONE, ZERO

from .concentration import Group, headroom
from .exact import exact
from .policy import AssetTerms, ConcentrationCap, MarginPolicy, TierBasis
from .valuation import Book, Quote, collateral_value, quote_of, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One asset of a book on the move.

    `side` is +1 in, -1 out; `cash` the change of the loan per unit of asset moved (signed);
    `ratio` what the loan may be as a multiple of the lending value; `own` the group of the asset
    without it; `others` all other groups. Numbers of lots are plain integers from 0 on.
    """

    loan: Decimal
    limit: Decimal
    ratio: Decimal
    side: int
    cash: Decimal
    lot: Decimal
    held: Decimal
    unit: Decimal
    terms: AssetTerms | None
    quote: Quote
    own: Group
    others: tuple[Group, ...]

    def moved(self, lots: int) -> Decimal:
        """Units of the asset moved by so many lots; a sale ends with the holding, odd lot included."""
        quantity = lots * self.lot
        return quantity if self.side > 0 else min(quantity, self.held)

    def loan_after(self, lots: int) -> Decimal:
        """The loan once so many lots have moved."""
        return self.loan + self.cash * self.moved(lots)

    def own_after(self, lots: int) -> Decimal:
        """The collateral value of the asset's group once so many lots have moved."""
        left = self.held + self.side * self.moved(lots)
        return self.own.value + collateral_value(self.terms, left, self.quote)

    @exact
    def meets(self, lots: int) -> bool:
        """Whether the loan is then within the limit and ratio x lending value, or gone."""
        loan = self.loan_after(lots)
        if loan <= ZERO:
            return True
        if loan > self.limit:
            return False
        own = self.own._replace(value=self.own_after(lots))
        return headroom(loan, (own, *self.others), self.ratio) >= ZERO

    @exact
    def value_needed(self) -> Decimal | None:
        """The collateral value the asset itself needs to carry the present loan; None if a cap forbids."""
        empty = Group(self.own.name, ZERO, None)
        missing = -headroom(self.loan, (empty, *self.others), self.ratio)
        cap = self.own.cap
        if cap is not None and max(self.ratio * cap.floor, cap.share * self.loan) < missing:
            return None
        return missing / self.ratio - self.own.value

    @exact
    def first(self, wanted: Callable[[int], bool], most: int) -> int | None:
        """The least number of lots from 1 to `most` for which `wanted` holds; None if there is none.

        `wanted` must depend on `meets` only, so that between bends it changes at most once.
        """
        if most < 1:
            return None
        bends = self._bends(most)
        if wanted(bends[0]):
            return bends[0]
        for low, high in pairwise(bends):
            if wanted(high):
                return _bisect(wanted, low, high)
        return None

    def _bends(self, most: int) -> list[int]:
        """All lots from 1 to `most` next to a place where `meets` may stop being linear, in order."""
        points = [(bound - self.held) / (self.side * self.lot) for bound in self._tier_quantities()]
        points.append(self.held / self.lot)  # an odd last lot is no straight continuation
        if self.cash:
            points += [(level - self.loan) / (self.cash * self.lot) for level in self._loan_levels()]
        bends = _neighbours(points, most)
        cap = self.own.cap
        if cap is None:
            return bends
        crossings = [self._crossing(cap, low, high) for low, high in pairwise(bends) if high - low > 1]
        return sorted({*bends, *_neighbours([point for point in crossings if point is not None], most)})

    def _tier_quantities(self) -> Iterable[Decimal]:
        yield ZERO
        if self.terms is not None:
            per = ONE if self.terms.basis is TierBasis.QUANTITY else self.unit
            yield from (tier.up_to / per for tier in self.terms.tiers if tier.up_to is not None and per)

    def _loan_levels(self) -> Iterable[Decimal]:
        """The limit, and loans at which another group, or the floor of any, starts or stops to bind."""
        yield self.limit
        for group in (self.own, *self.others):
            if group.cap is not None and group.cap.share:
                yield self.ratio * group.cap.floor / group.cap.share
                yield self.ratio * group.value / group.cap.share

    def _crossing(self, cap: ConcentrationCap, low: int, high: int) -> Decimal | None:
        """Where between two bends the asset's own group meets its cap, if it does."""
        start, end = self._over(cap, low), self._over(cap, high)
        return low + (high - low) * start / (start - end) if start * end < ZERO else None

    def _over(self, cap: ConcentrationCap, lots: int) -> Decimal:
        allowed = max(self.ratio * cap.floor, cap.share * self.loan_after(lots))
        return self.ratio * self.own_after(lots) - allowed


def _neighbours(points: Iterable[Decimal], most: int) -> list[int]:
    """1, `most` and the whole numbers on both sides of each point, within that range, in order."""
    found = {1, most}
    for point in points:
        if ZERO < point < most:
            found.add(max(1, int(point.to_integral_value(ROUND_FLOOR))))
            found.add(int(point.to_integral_value(ROUND_CEILING)))
    return sorted(found)


def sale_of(book: Book, asset: str, quotes: Mapping[str, Quote], policy: MarginPolicy, lot: Decimal) -> Trade:
    """Selling the asset to restore the target; the proceeds net of cost repay the loan."""
    return _trade(book, asset, quotes, policy, lot, side=-1, cost=policy.trade_cost - ONE)


def purchase_of(
    book: Book, asset: str, quotes: Mapping[str, Quote], policy: MarginPolicy, lot: Decimal
) -> Trade:
    """Buying the asset on credit; price and cost raise the loan, which may reach the whole lending value."""
    return _trade(book, asset, quotes, policy, lot, side=1, cost=ONE + policy.trade_cost, ratio=ONE)


def deposit_of(
    book: Book, asset: str, quotes: Mapping[str, Quote], policy: MarginPolicy, lot: Decimal
) -> Trade:
    """Bringing the asset in from outside; the loan stays."""
    return _trade(book, asset, quotes, policy, lot, side=1, cost=ZERO)


@exact
def _trade(
    book: Book,
    asset: str,
    quotes: Mapping[str, Quote],
    policy: MarginPolicy,
    lot: Decimal,
    *,
    side: int,
    cost: Decimal,
    ratio: Decimal | None = None,
) -> Trade:
    quote = quote_of(quotes, asset)
    rest = {name: quantity for name, quantity in book.positions.items() if name != asset}
    name = policy.group_of(asset)
    groups = {group.name: group for group in value(rest, quotes, policy).groups}
    own = groups.pop(name, Group(name, ZERO, policy.cap_of(name)))
    unit = quote.price * quote.fx_rate
    return Trade(
        loan=book.loan,
        limit=book.limit,
        ratio=policy.target if ratio is None else ratio,
        side=side,
        cash=unit * cost,
        lot=lot,
        held=book.positions.get(asset, ZERO),
        unit=unit,
        terms=policy.assets.get(asset),
        quote=quote,
        own=own,
        others=tuple(groups.values()),
    )


def _bisect(wanted: Callable[[int], bool], low: int, high: int) -> int:
    """The least number above `low` for which `wanted` holds, if it holds from there up to `high`.

    Not bisect_left: a wei-sized lot makes ranges longer than a machine integer.
    """
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if wanted(middle) else (middle, high)
    return high
