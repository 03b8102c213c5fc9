"""How much a client may owe, and hold in virtual assets, by what the client is worth (VAF-7, CLI-4)."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from brokerage.ledger.amounts import ZERO, checked, down
from brokerage.ledger.refusal import Refused

from .classification import Investor
from .finances import Finances
from .terms import Terms

THOUSANDS = -3
TEN_THOUSANDS = -4
"""How far the bound on virtual assets is rounded: it stands in the book and must not tell the net worth."""
ASSESSED_IN = "HKD"
"""The currency of every figure here."""


class Ground(StrEnum):
    """Why a limit is given."""

    NET_WORTH = "net-worth"
    INCOME = "income"
    RECORD = "repayment-record"
    VA_FINANCING = "va-financing"


class GroundMissing(Refused):
    """VAF-7: that virtual assets are financed is by itself no ground for a higher limit."""

    code = "clients.ground-missing"


class BadLimit(Refused):
    """A limit below zero."""

    code = "clients.bad-limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """The outcome, in Hong Kong dollars: the limit, and the most in virtual assets (None: no bound)."""

    limit: Decimal
    va_exposure: Decimal | None


def assess_credit(
    finances: Finances,
    investor: Investor,
    *,
    requested: Decimal,
    present: Decimal,
    grounds: Collection[Ground],
    terms: Terms,
) -> Credit:
    """The limit to propose: what is asked for, but no more than a share of the stressed net worth.

    The limit is rounded down to a thousand dollars. CLI-4: a retail client's virtual assets are bounded by
    a share of net worth, rounded down to ten thousand. Raises BadLimit, and GroundMissing when the limit
    would rise above the `present` one for virtual asset financing alone.
    """
    if checked(requested, name="limit") < ZERO:
        raise BadLimit("A limit is zero or more.", limit=requested)
    limit = down(min(requested, finances.stressed(terms) * terms.limit_share), THOUSANDS) + ZERO
    if limit > present and not set(grounds) - {Ground.VA_FINANCING}:
        raise GroundMissing("Name a ground for the limit other than financing of virtual assets.")
    worth = max(finances.net_worth, ZERO)
    bound = down(worth * terms.va_exposure_share, TEN_THOUSANDS) + ZERO
    return Credit(limit=limit, va_exposure=bound if investor is Investor.RETAIL else None)
