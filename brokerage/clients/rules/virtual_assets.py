"""What a client may be offered of virtual assets, by what the firm judged (CLI-3, CLI-4)."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from brokerage.ledger.amounts import ZERO
from brokerage.ledger.refusal import Refused

from .classification import Investor
from .knowledge import Basis, is_exempt


class KnowledgeMissing(Refused):
    """CLI-3: nothing shows that the client knows virtual assets."""

    code = "clients.va-knowledge-missing"


class BeyondExposure(Refused):
    """CLI-4: a retail client would hold more virtual assets than its net worth allows."""

    code = "clients.va-exposure-exceeded"


class ExposureUnknown(Refused):
    """CLI-4: a retail client holds a virtual asset that has no price, so nobody can say how much it holds."""

    code = "clients.va-exposure-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Whether a client knows virtual assets, and the most of them in Hong Kong dollars (None: no bound)."""

    known: bool
    most: Decimal | None


def offer(shown: Collection[str], investor: Investor, *, suitability: bool, most: Decimal | None) -> Offer:
    """What may be offered to a client treated so today.

    `shown` is what showed knowledge when it was assessed. An exemption counts as long as the client is
    treated as who is exempt. The bound binds retail clients: one that was assessed as a professional has
    none until it is assessed again, and buys nothing.
    """
    known = is_exempt(investor, suitability=suitability) or bool(set(shown) - {Basis.EXEMPT})
    return Offer(known=known, most=(most or ZERO) if investor is Investor.RETAIL else None)


def check_purchase(offered: Offer, worth: Decimal | None) -> None:
    """Pass if the client may hold virtual assets of that worth after a purchase, in Hong Kong dollars.

    `worth` is None where something held or paid has no price. Raises KnowledgeMissing, ExposureUnknown or
    BeyondExposure.
    """
    if not offered.known:
        raise KnowledgeMissing("The client must show knowledge of virtual assets before buying any.")
    if offered.most is None:
        return
    if worth is None:
        raise ExposureUnknown("A virtual asset held has no price now. Buy once prices are back.")
    if worth > offered.most:
        raise BeyondExposure(
            f"By its last assessment this retail client holds at most HKD {offered.most:,.2f} of them.",
            most=offered.most,
            worth=worth,
        )
