"""From what amount on a decision takes a second person: dated house policy.

SMF-4 asks for management's approval of exceptions; from where on, and for what, is the house's own choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from .exact import exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From `value` of `currency` on a decision takes two people, since `effective_from`."""

    value: Decimal
    currency: str
    effective_from: datetime
    source: str = "House policy"
    certainty: str = "house"


_START = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = (Threshold(value=Decimal(1_000_000), currency="HKD", effective_from=_START),)
"""For a credit limit, the newest last: whoever raises one to this or more needs a second person."""
WRITE_OFFS = (Threshold(value=Decimal(10_000), currency="HKD", effective_from=_START),)
"""For a write-off, the newest last: all that is written off of one deficit counts together."""


def in_force(thresholds: Sequence[Threshold], at: datetime) -> Threshold:
    """The newest that had begun at an instant; before all of them the first."""
    begun = [each for each in thresholds if each.effective_from <= at]
    return begun[-1] if begun else thresholds[0]


@exact
def raise_takes_two(old: Decimal, new: Decimal, currency: str, at: datetime) -> bool:
    """Whether a limit is raised to the threshold or beyond, or in a currency the threshold does not name.

    The new limit counts, not the step, so that many small steps do not pass by the second person.
    """
    return new > old and _reached(in_force(LIMITS, at), new, currency)


@exact
def write_off_takes_two(before: Decimal, amount: Decimal, currency: str, at: datetime) -> bool:
    """Whether this write-off, with what was written off `before` of the deficit, reaches the threshold."""
    return _reached(in_force(WRITE_OFFS, at), before + amount, currency)


def _reached(threshold: Threshold, amount: Decimal, currency: str) -> bool:
    return currency != threshold.currency or amount >= threshold.value
