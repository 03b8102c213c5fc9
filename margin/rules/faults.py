"""What a price of doubtful quality may still cause (FORMULAS, Price faults).

Zero, negative and NaN prices never come this far: the market room refuses them at the door.
"""

from enum import StrEnum


class PriceQuality(StrEnum):
    """The state of one price. Outside sessions the last official close is fresh."""

    FRESH = "fresh"
    STALE = "stale"
    DISPUTED = "disputed"


class Act(StrEnum):
    """What a price may be asked to decide."""

    CREDIT = "credit"
    CALL = "call"
    SALE = "sale"
    FUNDING = "funding"


class Permission(StrEnum):
    """Whether a price may decide: outright, never, not until the doubt is gone, or under a condition."""

    YES = "yes"
    NO = "no"
    HELD = "held"
    SECOND_PERSON = "second-person"
    ENOUGH_POINTS = "enough-index-points"


_PERMITS = {
    PriceQuality.FRESH: dict.fromkeys(Act, Permission.YES),
    PriceQuality.STALE: {
        Act.CREDIT: Permission.NO,
        Act.CALL: Permission.HELD,
        Act.SALE: Permission.SECOND_PERSON,
        Act.FUNDING: Permission.ENOUGH_POINTS,
    },
    PriceQuality.DISPUTED: {
        Act.CREDIT: Permission.NO,
        Act.CALL: Permission.HELD,
        Act.SALE: Permission.HELD,
        Act.FUNDING: Permission.NO,
    },
}


def permission(quality: PriceQuality, act: Act) -> Permission:
    """What a price of this quality permits. New credit and withdrawals are Act.CREDIT.

    A HELD call is held only if the outcome depends on the price: see `calls.banded_health`.
    """
    return _PERMITS[quality][act]
