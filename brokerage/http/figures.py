"""How figures, times and identifiers look on a page: one place, exact decimals in, text out.

A template library, built into every template by settings. Floats are refused: a figure that came
through one has lost its last cent already.
"""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from brokerage.ledger.amounts import ZERO, half_up
from brokerage.ledger.hong_kong import HONG_KONG

register = template.Library()
NOTHING = "–"
_ZEROS = re.compile(r"(?<=\d)(\.\d*?)0+(?!\d)")


def _decimal(value: object) -> Decimal:
    if not isinstance(value, Decimal):
        raise TypeError(f"a figure must be Decimal, not {type(value).__name__}")
    return value


@register.filter
def amount(value: Decimal | None, places: int = 2) -> str:
    """Money with thousands separators, rounded half-up to `places`; a dash for None."""
    return NOTHING if value is None else f"{half_up(_decimal(value), places) + 0:,f}"


@register.filter
def quantity(value: Decimal | None) -> str:
    """Units of an asset in full precision, with thousands separators and without trailing zeros."""
    if value is None:
        return NOTHING
    whole, _, fraction = f"{_decimal(value) + 0:,f}".partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


@register.filter
def tidy(text: str) -> str:
    """A sum in words without the trailing zeros of its numbers: "1.500 x 2.000" becomes "1.5 x 2"."""
    return _ZEROS.sub(lambda found: found[1].rstrip("."), text)


@register.filter
def percent(value: Decimal | None, places: int = 1) -> str:
    """A ratio as a percentage, rounded half-up: Decimal("0.6") becomes "60.0 %"."""
    return NOTHING if value is None else f"{half_up(_decimal(value) * 100, places):,f}\N{NO-BREAK SPACE}%"


@register.filter
def bar(value: Decimal | None, longest: int = 130) -> str:
    """The length of a bar in percent of one, cut off at `longest`: "87.5"; "0" for None."""
    return "0" if value is None else str(half_up(min(max(_decimal(value) * 100, ZERO), Decimal(longest)), 1))


@register.filter
def hkt(value: datetime | None, layout: str = "%Y-%m-%d %H:%M:%S") -> SafeString | str:
    """An instant as Hong Kong time inside a <time> that carries UTC; a dash for None."""
    if value is None:
        return NOTHING
    local = value.astimezone(HONG_KONG)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), local.strftime(layout))


@register.filter
def local_input(value: datetime) -> str:
    """An instant as a datetime-local field holds it, in Hong Kong time."""
    return value.astimezone(HONG_KONG).strftime("%Y-%m-%dT%H:%M")


@register.filter
def lasting(value: timedelta | None) -> str:
    """A length of time in its largest two units: "45 s", "3 min 20 s", "2 h 5 min", "4 d 1 h"."""
    if value is None:
        return NOTHING
    seconds = max(int(value.total_seconds()), 0)
    for unit, lower, size, step in (("d", "h", 86400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // step} {lower}"
    return f"{seconds} s"


@register.filter
def in_words(value: str) -> str:
    """A name from the code as words: "call-issued" becomes "Call issued"."""
    return value.replace("-", " ").capitalize()


@register.filter
def short(value: UUID | bytes | str | None) -> str:
    """The last eight hexadecimal digits of an identifier, the first twelve of a hash."""
    if value is None:
        return NOTHING
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()[:12]
    return str(value)[-8:]


@register.filter
def in_hex(value: bytes | memoryview | None) -> str:
    """A hash in hexadecimal."""
    return NOTHING if value is None else bytes(value).hex()
