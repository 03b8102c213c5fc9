"""Interest on a margin loan: daily, simple, marginal tiers, rounded once a month.

FORMULAS, Interest; INT-1. Accruals carry 8 decimals; charge and residual always add up to what accrued.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from brokerage.ledger.amounts import ONE, ZERO, half_up
from brokerage.ledger.refusal import Refused

from .exact import exact
from .policy import InterestTier

ACCRUAL_PLACES = 8
DAY_COUNTS = {"HKD": Decimal(365), "GBP": Decimal(365), "USD": Decimal(360)}
REFUSED_ABOVE = Decimal("0.48")
WARNED_ABOVE = Decimal("0.36")


class RateAboveLegalLimit(Refused):
    """INT-1: an effective annual rate above 48 %."""

    code = "margin.rate-above-legal-limit"


class NoDayCount(Refused):
    """A currency whose day-count convention is not known."""

    code = "margin.no-day-count"


class MonthlyCharge(NamedTuple):
    """The amount to charge, in the minor unit, and what rounding left over (accrued less amount)."""

    amount: Decimal
    residual: Decimal


@exact
def daily_interest(debit: Decimal, tiers: Sequence[InterestTier], currency: str) -> Decimal:
    """One day's interest on the settled end-of-day debit, half-up at 8 decimals; 0 on no debit.

    I = sum(slice x rate) / DC, with DC 365 for HKD and GBP, also in leap years, and 360 for USD.
    Raises NoDayCount for other currencies.
    """
    if currency not in DAY_COUNTS:
        raise NoDayCount(f"Name a day count for {currency} before it earns interest.", currency=currency)
    yearly, start = ZERO, ZERO
    for tier in tiers:
        end = debit if tier.up_to is None else min(debit, tier.up_to)
        if end > start:
            yearly += (end - start) * tier.rate
            start = end
    return half_up(yearly / DAY_COUNTS[currency], ACCRUAL_PLACES)


@exact
def monthly_charge(accruals: Sequence[Decimal], places: int = 2) -> MonthlyCharge:
    """The month's accruals charged once, half-up to the minor unit; amount + residual = accrued."""
    accrued = sum(accruals, ZERO)
    amount = half_up(accrued, places)
    return MonthlyCharge(amount, accrued - amount)


@exact
def effective_annual_rate(
    yearly_rate: Decimal, *, penalty_rate: Decimal = ZERO, yearly_fees: Decimal = ZERO, periods: int = 12
) -> Decimal:
    """(1 + (rate + penalty + fees) / n) ** n - 1, as a fraction, with fees as a fraction of the loan a year.

    `periods` is how often a year interest is charged (INT-1 includes penalty and fees).
    """
    return (ONE + (yearly_rate + penalty_rate + yearly_fees) / periods) ** periods - ONE


def check_lawful_rate(effective_rate: Decimal) -> bool:
    """Whether the effective annual rate deserves a warning (above 36 %); INT-1, Cap. 163.

    Raises RateAboveLegalLimit above 48 %.
    """
    if effective_rate > REFUSED_ABOVE:
        raise RateAboveLegalLimit(
            "The effective annual rate, with penalty and fees, must not exceed 48 %.", rate=effective_rate
        )
    return effective_rate > WARNED_ABOVE
