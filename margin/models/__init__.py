"""What the events of the margin room add up to: accounts, policies, calls, sales, interest, holds.

Written by `projections` only, but for Valuation, which is a cache that revaluation writes. Amounts
are in the account's base currency.
"""

from .accounts import InterestMonth, MarginAccount, Policy, Valuation
from .calls import Call, PriceHold
from .sales import Sale, SaleFill, SaleLeg

__all__ = (
    "Call",
    "InterestMonth",
    "MarginAccount",
    "Policy",
    "PriceHold",
    "Sale",
    "SaleFill",
    "SaleLeg",
    "Valuation",
)
