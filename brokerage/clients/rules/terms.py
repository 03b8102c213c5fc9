"""The dated figures that onboarding decides on. They change by review and release, with a new row here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType


class Holding(StrEnum):
    """What a net worth is made of; everything but cash can fall in price."""

    CASH = "cash"
    SECURITIES = "securities"
    FUNDS = "funds"
    REAL_ESTATE = "real-estate"
    VIRTUAL_ASSETS = "virtual-assets"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One set of figures, in force from a day on. Amounts are in Hong Kong dollars.

    CLI-1's thresholds and CLI-5's first transfer come from the rules themselves. The house chose the rest:
    stress per holding (VAF-7), shares of net worth for a limit and for virtual assets (CLI-4), the trades
    that show knowledge (CLI-3, PERP-8), the age of evidence, and how much an applicant may bring in: people
    named in one application, the removed included, and by the day applications, what is sealed (details,
    papers, answers, certificates, signatures) and invitations.
    """

    since: date
    individual_portfolio: Decimal
    entity_portfolio: Decimal
    entity_assets: Decimal
    trust_assets: Decimal
    first_transfer: Decimal
    evidence_days: int
    review_days: int
    stress: Mapping[Holding, Decimal]
    limit_share: Decimal
    va_exposure_share: Decimal
    trades: int
    fresh_minutes: int
    tax_grace_days: int
    people_named: int
    applications_a_day: int
    sealed_a_day: int
    invitations_a_day: int


TERMS = (
    Terms(
        since=date(2020, 1, 1),
        individual_portfolio=Decimal(8_000_000),
        entity_portfolio=Decimal(8_000_000),
        entity_assets=Decimal(40_000_000),
        trust_assets=Decimal(40_000_000),
        first_transfer=Decimal(10_000),
        evidence_days=365,
        review_days=365,
        stress=MappingProxyType(
            {
                Holding.CASH: Decimal(0),
                Holding.SECURITIES: Decimal("0.40"),
                Holding.FUNDS: Decimal("0.40"),
                Holding.REAL_ESTATE: Decimal("0.50"),
                Holding.VIRTUAL_ASSETS: Decimal("0.80"),
                Holding.OTHER: Decimal(1),
            }
        ),
        limit_share=Decimal("0.50"),
        va_exposure_share=Decimal("0.10"),
        trades=5,
        fresh_minutes=15,
        tax_grace_days=90,
        people_named=60,
        applications_a_day=5,
        sealed_a_day=100,
        invitations_a_day=20,
    ),
)
"""Every set there was, the newest last."""


def terms(day: date) -> Terms:
    """The figures in force on a day."""
    return next(each for each in reversed(TERMS) if each.since <= day)
