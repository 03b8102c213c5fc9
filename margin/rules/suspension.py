"""A suspended security keeps its last price and loses lending value step by step, down to none."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from brokerage.ledger.amounts import ZERO

from .policy import AssetTerms, HaircutTier, MarginPolicy


def ladder_haircut(policy: MarginPolicy, days: int) -> Decimal:
    """The least haircut of a security suspended for so many days (FORMULAS, Price faults)."""
    reached = [step.haircut for step in policy.suspension if days >= step.after_days]
    return max(reached, default=ZERO)


def with_suspensions(policy: MarginPolicy, since: Mapping[str, date], on: date) -> MarginPolicy:
    """The policy on a day, with suspended assets (`since` their first day) raised to the ladder."""
    raised = {
        asset: _raised(policy.assets[asset], ladder_haircut(policy, (on - first).days))
        for asset, first in since.items()
        if asset in policy.assets
    }
    return replace(policy, assets={**policy.assets, **raised})


def _raised(terms: AssetTerms, least: Decimal) -> AssetTerms:
    tiers = tuple(HaircutTier(up_to=tier.up_to, haircut=max(tier.haircut, least)) for tier in terms.tiers)
    return replace(terms, tiers=tiers, capital_haircut=max(terms.capital_haircut, least))
