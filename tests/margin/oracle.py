"""A second opinion on the collateral formulas, in exact fractions, written from their text alone.

Nothing here is shared with the product: no decimals, no search by bends. The capped total is found by
walking all points where its equation can bend, and quantities are found by trying lot after lot.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

ZERO = Fraction(0)
ONE = Fraction(1)


class Capped(NamedTuple):
    """One merged name: value, share (None: no cap) and floor."""

    value: Fraction
    share: Fraction | None
    floor: Fraction


class Asset(NamedTuple):
    """What the oracle knows of an asset: unit value, tiers (limit, haircut), and its merged name."""

    unit: Fraction
    tiers: tuple[tuple[Fraction | None, Fraction], ...]
    by_quantity: bool
    group: str


class World(NamedTuple):
    """Prices and policy as fractions."""

    assets: dict[str, Asset]
    caps: dict[str, tuple[Fraction, Fraction] | None]
    target: Fraction
    cost: Fraction


class State(NamedTuple):
    """A margin account as fractions."""

    positions: dict[str, Fraction]
    loan: Fraction
    limit: Fraction


def sale_value(
    loan: Fraction, lending_value: Fraction, haircut: Fraction, target: Fraction, cost: Fraction
) -> Fraction:
    """V = (L - r LV) / ((1-f) - r (1-h)): what to sell within one tier and without caps."""
    return (loan - target * lending_value) / ((ONE - cost) - target * (ONE - haircut))


def cure_value(amount: Fraction, haircut: Fraction, target: Fraction) -> Fraction:
    """V = D / (r (1-h)): what to bring in within one tier and without caps."""
    return amount / (target * (ONE - haircut))


def buying_power_value(
    loan: Fraction, lending_value: Fraction, limit: Fraction, haircut: Fraction, cost: Fraction
) -> Fraction:
    """V = min[(LV - L) / ((1+f) - (1-h)), (limit - L) / (1+f)] within one tier and without caps."""
    return min((lending_value - loan) / (cost + haircut), (limit - loan) / (ONE + cost))


def world(quotes: Mapping[str, Any], policy: Any) -> World:
    """Read prices and policy, field by field."""
    assets = {
        name: Asset(
            Fraction(quotes[name].price) * Fraction(quotes[name].fx_rate),
            tuple(
                (None if tier.up_to is None else Fraction(tier.up_to), Fraction(tier.haircut))
                for tier in terms.tiers
            ),
            str(terms.basis) == "quantity",
            "VA" if str(terms.kind) == "va" else (terms.group or name),
        )
        for name, terms in policy.assets.items()
    }
    caps: dict[str, tuple[Fraction, Fraction] | None] = {}
    for asset in assets.values():
        cap = policy.caps.get(asset.group, policy.default_cap)
        caps[asset.group] = None if cap is None else (Fraction(cap.share), Fraction(cap.floor))
    return World(assets, caps, Fraction(policy.target), Fraction(policy.trade_cost))


def state(book: Any) -> State:
    """Read an account, field by field."""
    positions = {name: Fraction(quantity) for name, quantity in book.positions.items()}
    return State(positions, Fraction(book.loan), Fraction(book.limit))


def lent(asset: Asset, quantity: Fraction) -> Fraction:
    """Collateral value: full value less, for each tier, its haircut on what lies inside it."""
    if quantity < 0:
        return quantity * asset.unit
    size = quantity if asset.by_quantity else quantity * asset.unit
    worth = asset.unit if asset.by_quantity else ONE
    below = [ZERO] + [limit for limit, _ in asset.tiers if limit is not None]
    lost = ZERO
    for start, (limit, haircut) in zip(below, asset.tiers, strict=True):
        end = size if limit is None or size < limit else limit
        lost += max(ZERO, end - start) * haircut
    return (size - lost) * worth


def summed(groups: Sequence[Capped], total: Fraction) -> Fraction:
    """sum of min(CV, max(A, c T)) at T = total."""
    result = ZERO
    for value, share, floor in groups:
        result += value if share is None else min(value, max(floor, share * total))
    return result


def greatest_total(groups: Sequence[Capped]) -> Fraction:
    """The greatest T with T = summed(T), by trying every stretch between bends from the top down."""
    high = sum((group.value for group in groups), ZERO)
    if summed(groups, high) == high:
        return high
    bends = {high}
    for value, share, floor in groups:
        if share:
            bends |= {value / share, floor / share}
    low = min(ZERO, high) - sum((abs(group.value) + group.floor for group in groups), ONE)
    points = [*sorted((bend for bend in bends if low < bend <= high), reverse=True), low]
    above, over = points[0], summed(groups, points[0]) - points[0]
    for point in points[1:]:
        gap = summed(groups, point) - point
        if gap == 0:
            return point
        if over < 0 < gap:
            return point + (above - point) * gap / (gap - over)
        above, over = point, gap
    raise AssertionError("no solution")


def groups_of(positions: Mapping[str, Fraction], world: World) -> list[Capped]:
    """Positions merged by name."""
    sums: dict[str, Fraction] = {}
    for name, quantity in positions.items():
        if quantity:
            asset = world.assets[name]
            sums[asset.group] = sums.get(asset.group, ZERO) + lent(asset, quantity)
    result = []
    for group, value in sums.items():
        share, floor = world.caps[group] or (None, ZERO)
        result.append(Capped(value, share, floor))
    return result


def lending_value(positions: Mapping[str, Fraction], world: World) -> Fraction:
    """Tiers, then merging, then caps."""
    return greatest_total(groups_of(positions, world))


def within(state: State, world: World, ratio: Fraction) -> bool:
    """Whether the loan is gone, or within the limit and ratio x lending value."""
    if state.loan <= 0:
        return True
    return state.loan <= state.limit and state.loan <= ratio * lending_value(state.positions, world)


def sold(state: State, world: World, quantities: Mapping[str, Fraction]) -> State:
    """The account after sales, proceeds net of cost."""
    positions, loan = dict(state.positions), state.loan
    for name, quantity in quantities.items():
        positions[name] -= quantity
        loan -= quantity * world.assets[name].unit * (1 - world.cost)
    return State(positions, loan, state.limit)


def bought(state: State, world: World, name: str, quantity: Fraction) -> State:
    """The account after a purchase on credit, cost included."""
    positions = {**state.positions, name: state.positions.get(name, ZERO) + quantity}
    return State(positions, state.loan + quantity * world.assets[name].unit * (1 + world.cost), state.limit)


def brought(state: State, name: str, quantity: Fraction) -> State:
    """The account after a deposit of an asset."""
    return state._replace(positions={**state.positions, name: state.positions.get(name, ZERO) + quantity})


def lot_steps(held: Fraction, lot: Fraction) -> Iterable[Fraction]:
    """0, 1, 2 ... lots of a holding, the last one odd if need be."""
    quantity = ZERO
    while quantity < held:
        yield quantity
        quantity += lot
    yield held
