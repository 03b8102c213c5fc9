"""Concentration: how much of a lopsided book counts as lending value.

Groups are names already merged; FORMULAS, Concentration; VAF-8, SMF-2. The capped lending value is
the greatest T with T = sum of min(CV_i, max(A_i, c_i T)).
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from brokerage.ledger.amounts import ONE, ZERO

from .exact import exact
from .policy import ConcentrationCap

FINEST = 75
"""Decimal places beyond which only a division can have written a digit."""


class Group(NamedTuple):
    """One merged name: its collateral value in base currency, and its cap if it has one."""

    name: str
    value: Decimal
    cap: ConcentrationCap | None


class _Turn(NamedTuple):
    """The T, as numerator / denominator, below which a group counts for less, or for its floor."""

    numerator: Decimal
    denominator: Decimal
    to_floor: bool
    floor: Decimal

    def above(self, other: "_Turn") -> bool:
        return self.numerator * other.denominator > other.numerator * self.denominator


@exact
def counted(group: Group, total: Decimal) -> Decimal:
    """What the group counts for when the capped lending value is `total`."""
    if group.cap is None:
        return group.value
    return min(group.value, max(group.cap.floor, group.cap.share * total))


@exact
def headroom(loan: Decimal, groups: Sequence[Group], ratio: Decimal) -> Decimal:
    """A number that is >= 0 exactly when loan <= ratio * capped total (loan and values not negative).

    It is sum(min(r CV, max(r A, c L))) - L: once the sum of what counts falls below T it stays
    below for every greater T, so T* >= L/r if and only if the sum at T = L/r is at least L/r. It
    needs no division and is linear wherever loan and values are. With a negative group it may be
    below zero although the target is met, never the reverse.
    """
    room = -loan
    for _, value, cap in groups:
        scaled = ratio * value
        room += scaled if cap is None else min(scaled, max(ratio * cap.floor, cap.share * loan))
    return room


@exact
def capped_total(groups: Sequence[Group]) -> Decimal:
    """The greatest T with T = sum of min(CV_i, max(A_i, c_i T)), in base currency, unrounded.

    T falls from infinity through the points where a group stops counting in full or reaches its
    floor; between two of them the sum is fixed + share T. Points are compared by
    cross-multiplication; the one division, at the end, is exact unless the quotient has no finite
    decimal form.
    """
    fixed, share = ZERO, ZERO
    turns: list[_Turn] = []
    for group in groups:
        cap, value = group.cap, group.value
        if cap is None or value <= cap.floor:
            fixed += value
        elif cap.share == ZERO:
            fixed += cap.floor
        else:
            fixed += value
            turns.append(_Turn(value, cap.share, False, cap.floor))
    while turns:
        turn = _highest(turns)
        if share < ONE and fixed * turn.denominator >= turn.numerator * (ONE - share):
            break
        turns.remove(turn)
        if turn.to_floor:
            fixed += turn.floor
            share -= turn.denominator
        else:
            fixed -= turn.numerator
            share += turn.denominator
            turns.append(_Turn(turn.floor, turn.denominator, True, turn.floor))
    return fixed / (ONE - share)


@exact
def multiple(ratio: Decimal, total: Decimal) -> Decimal:
    """ratio x total, exact where it has a finite decimal form even if `total` has none.

    A cap of 10 % gives totals like S / 0.9; 0.9 of that is S again, and a loan of exactly S must
    compare as equal. The product of a divided total is off by less than 10**-90, and no product of
    amounts has more than 75 decimal places, so rounding to 75 gives S back.
    """
    product = ratio * total
    exponent = total.as_tuple().exponent
    divided = isinstance(exponent, int) and exponent < -FINEST
    return product.quantize(ONE.scaleb(-FINEST)) if divided else product


def _highest(turns: Sequence[_Turn]) -> _Turn:
    best = turns[0]
    for turn in turns[1:]:
        if turn.above(best):
            best = turn
    return best
