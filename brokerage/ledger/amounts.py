"""Exact decimals: one context, and the only places where money is rounded.

Decisions use unrounded values; rounding happens once, on totals: requirements up, collateral
down, postings half-up to the minor unit, quantities to sell up to the lot.
"""

from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

from .refusal import Refused

PLACES = 18
LARGEST = Decimal(10) ** 20
EXACT = Context(prec=120, traps=[InvalidOperation, DivisionByZero, Overflow])
DECIDE = Context(prec=38, traps=[InvalidOperation, DivisionByZero, Overflow])
ZERO = Decimal(0)
ONE = Decimal(1)


class BadAmount(Refused):
    """A value that is no usable decimal: not finite, too large, or finer than 18 places."""

    code = "ledger.bad-amount"


def checked(value: Decimal, *, name: str = "amount") -> Decimal:
    """The same value, proved finite, below 10**20 in size and with at most 18 decimal places.

    Raises BadAmount otherwise; floats and integers are refused with TypeError, because a caller
    that holds one has already lost or guessed the precision.
    """
    if type(value) is not Decimal:
        raise TypeError(f"{name} must be Decimal, not {type(value).__name__}")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise BadAmount(f"The {name} must be a finite number.", value=str(value))
    if abs(value) >= LARGEST:
        raise BadAmount(f"The {name} must be below 10^20.", value=str(value))
    if exponent < -PLACES and value != value.quantize(Decimal(1).scaleb(-PLACES), context=EXACT):
        raise BadAmount(f"The {name} has more than {PLACES} decimal places.", value=str(value))
    return value


def positive(value: Decimal, *, name: str = "amount") -> Decimal:
    """`checked`, and greater than zero; raises BadAmount otherwise."""
    if checked(value, name=name) <= 0:
        raise BadAmount(f"The {name} must be greater than zero.", value=str(value))
    return value


def half_up(value: Decimal, places: int) -> Decimal:
    """Round to `places` decimals, halves away from zero: how postings are rounded."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT)


def up(value: Decimal, places: int) -> Decimal:
    """Round towards plus infinity to `places` decimals: how requirements are rounded."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_CEILING, EXACT)


def down(value: Decimal, places: int) -> Decimal:
    """Round towards minus infinity to `places` decimals: how collateral is rounded."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_FLOOR, EXACT)


def lots_up(quantity: Decimal, lot: Decimal) -> Decimal:
    """The least multiple of `lot` that is not below `quantity` (both in units of the asset)."""
    return (quantity / lot).to_integral_value(ROUND_CEILING, EXACT) * lot


def lots_down(quantity: Decimal, lot: Decimal) -> Decimal:
    """The greatest multiple of `lot` that is not above `quantity` (both in units of the asset)."""
    return (quantity / lot).to_integral_value(ROUND_FLOOR, EXACT) * lot
