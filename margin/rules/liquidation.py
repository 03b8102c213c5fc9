"""Forced sale: what to sell, in which order and how much, to restore the target.

FORMULAS, Forced sale. Quantities are whole lots (the last lot of a holding may be odd); amounts
are in base currency.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from brokerage.ledger.amounts import ONE, ZERO, down, half_up, lots_down, lots_up

from .calls import Assessment, assess, is_met
from .exact import exact
from .policy import AssetKind, MarginPolicy
from .trade import sale_of
from .valuation import Book, Quote, Valuation, quote_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLeg:
    """One asset to sell. Gross, cost and proceeds are what is expected, half-up to the minor unit."""

    asset: str
    quantity: Decimal
    gross: Decimal
    cost: Decimal
    proceeds: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SalePlan:
    """The legs of a forced sale and the book it leaves.

    `met` says whether the target is then reached; `deficit` is the loan left when nothing that
    may be sold remains (0 if the plan was limited to a part of the call).
    """

    legs: tuple[SaleLeg, ...]
    book_after: Book
    after: Valuation
    met: bool
    deficit: Decimal


@exact
def is_dust(asset: str, quantity: Decimal, quotes: Mapping[str, Quote], places: int) -> bool:
    """Whether that much of the asset comes to less than one minor unit: no venue settles such a sale (H).

    Raises PriceMissing.
    """
    quote = quote_of(quotes, asset)
    return half_up(quantity * quote.price * quote.fx_rate, places) == ZERO


@exact
def plan_sale(
    book: Book,
    quotes: Mapping[str, Quote],
    policy: MarginPolicy,
    *,
    lots: Mapping[str, Decimal],
    order: Sequence[str],
    only: AssetKind | None = None,
    at_most: Decimal | None = None,
    withheld: Collection[str] = (),
    places: int = 2,
) -> SalePlan:
    """The sale that restores the target with the fewest lots, asset after asset in `order`.

    Assets not named in `order` come last. An asset that cannot restore the target alone is sold
    whole if that lowers the margin ratio; if not, it waits while others may restore it, then it is
    sold if that shrinks the call amount, then in any case: a deficit never leaves assets unsold.
    At the end each leg is cut back to the fewest lots the others need.

    `only` and `at_most` limit the sale to one kind of asset and to an amount of net proceeds (a
    call whose VA part alone has expired sells only VA, up to D_va); assets `withheld`, such as a
    suspended security, are not sold, nor is dust; a leg comes to one minor unit at least. Raises
    PriceMissing.
    """
    sale = _Sale(book, quotes, policy, lots, at_most, places)
    names = [*order, *sorted(set(book.positions) - set(order))]
    waiting = [
        name
        for name in names
        if name not in withheld
        and book.positions.get(name, ZERO) > ZERO
        and (only is None or _kind(name, policy) is only)
        and not is_dust(name, book.positions[name], quotes, places)
    ]
    sold: dict[str, Decimal] = {}
    for helps in (_lowers_ratio, _lowers_call, _always):
        for asset in [name for name in waiting if name not in sold]:
            if sale.met(sold):
                break
            quantity = sale.fewest(sold, asset)
            if quantity is None:
                quantity = sale.most(sold, asset)
                if not helps(sale.after(sold), sale.after({**sold, asset: quantity})):
                    continue
            sold[asset] = quantity
    if len(sold) > 1 and sale.met(sold):
        sold = sale.trimmed(sold)
    return _plan(sale, sold, complete=only is None and at_most is None and not withheld)


@dataclass(frozen=True, slots=True)
class _Sale:
    """A sale being planned: `sold` maps assets to the quantities sold so far, in order of sale."""

    book: Book
    quotes: Mapping[str, Quote]
    policy: MarginPolicy
    lots: Mapping[str, Decimal]
    at_most: Decimal | None
    places: int

    def net(self, asset: str) -> Decimal:
        """Proceeds of one unit, net of cost."""
        quote = quote_of(self.quotes, asset)
        return quote.price * quote.fx_rate * (ONE - self.policy.trade_cost)

    def book_after(self, sold: Mapping[str, Decimal]) -> Book:
        positions = {name: held - sold.get(name, ZERO) for name, held in self.book.positions.items()}
        repaid = sum((quantity * self.net(name) for name, quantity in sold.items()), ZERO)
        return replace(self.book, positions=positions, loan=self.book.loan - repaid)

    def after(self, sold: Mapping[str, Decimal]) -> Assessment:
        return assess(self.book_after(sold), self.quotes, self.policy)

    def met(self, sold: Mapping[str, Decimal]) -> bool:
        then = self.after(sold)
        return is_met(then.book.loan, then.valuation.lending_value, self.book.limit, self.policy.target)

    def most(self, sold: Mapping[str, Decimal], asset: str) -> Decimal:
        """All that may be sold of the asset: its holding, or whole lots within what `at_most` leaves."""
        held, net = self.book.positions[asset], self.net(asset)
        if self.at_most is None or net <= ZERO:
            return held
        room = down(self.at_most - (self.book.loan - self.book_after(sold).loan), self.places)
        most = min(held, lots_down(max(ZERO, room) / net, self.lots[asset]))
        return ZERO if is_dust(asset, most, self.quotes, self.places) else most

    def least(self, asset: str) -> Decimal:
        """The fewest whole lots that are no dust."""
        quote = quote_of(self.quotes, asset)
        half_unit = Decimal(5).scaleb(-self.places - 1)  # half-up makes one minor unit of it
        return lots_up(half_unit / (quote.price * quote.fx_rate), self.lots[asset])

    def fewest(self, sold: Mapping[str, Decimal], asset: str) -> Decimal | None:
        """The fewest lots of the asset that restore the target after what is sold already."""
        lot, most = self.lots[asset], self.most(sold, asset)
        trade = sale_of(self.book_after(sold), asset, self.quotes, self.policy, lot)
        fewest = trade.first(trade.meets, int(lots_up(most, lot) / lot))
        return None if fewest is None else max(trade.moved(fewest), min(self.least(asset), most))

    def trimmed(self, sold: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Each leg cut back to the fewest lots that, with the other legs, still restore the target."""
        before: dict[str, Decimal] = {}
        after = dict(sold)
        while after != before:
            before = dict(after)
            for asset in before:
                rest = {name: quantity for name, quantity in after.items() if name != asset}
                fewest = ZERO if self.met(rest) else self.fewest(rest, asset)
                after[asset] = after[asset] if fewest is None else min(after[asset], fewest)
        return after


def _plan(sale: _Sale, sold: Mapping[str, Decimal], *, complete: bool) -> SalePlan:
    then, met = sale.after(sold), sale.met(sold)
    return SalePlan(
        legs=tuple(_leg(sale, asset, quantity) for asset, quantity in sold.items() if quantity),
        book_after=then.book,
        after=then.valuation,
        met=met,
        deficit=max(ZERO, then.book.loan) if complete and not met else ZERO,
    )


def _leg(sale: _Sale, asset: str, quantity: Decimal) -> SaleLeg:
    quote = quote_of(sale.quotes, asset)
    gross = half_up(quantity * quote.price * quote.fx_rate, sale.places)
    cost = half_up(quantity * quote.price * quote.fx_rate * sale.policy.trade_cost, sale.places)
    return SaleLeg(asset=asset, quantity=quantity, gross=gross, cost=cost, proceeds=gross - cost)


def _lowers_ratio(before: Assessment, after: Assessment) -> bool:
    """Whether L / LV falls, compared without division."""
    return after.book.loan * before.valuation.lending_value < before.book.loan * after.valuation.lending_value


def _lowers_call(before: Assessment, after: Assessment) -> bool:
    return after.call_amount < before.call_amount


def _always(before: Assessment, after: Assessment) -> bool:
    return True


def _kind(asset: str, policy: MarginPolicy) -> AssetKind | None:
    terms = policy.assets.get(asset)
    return None if terms is None else terms.kind
