"""What a margin policy may not say, whoever enters it."""

from decimal import Decimal

from brokerage.ledger.amounts import ONE, ZERO, checked
from brokerage.ledger.refusal import Refused

from .deadlines import least_securities_hours
from .interest import check_lawful_rate, effective_annual_rate
from .policy import VA_GROUP, AssetKind, AssetTerms, MarginPolicy, limits_rise

ELIGIBLE_VA = frozenset({"BTC", "ETH"})
"""VAF-4: the only virtual assets that may carry lending value."""
LEAST_VA_HAIRCUT = Decimal("0.60")
"""VAF-5: the lending value of virtual assets is at most 40 % of their market value."""


class VaHaircutTooLow(Refused):
    """VAF-5: a virtual asset's haircut below 60 %."""

    code = "margin.va-haircut-too-low"


class VaNotEligible(Refused):
    """VAF-4: lending value for a virtual asset other than BTC and ETH."""

    code = "margin.va-not-eligible"


class VaCapitalHaircutTooLow(Refused):
    """VAF-6: a virtual asset counting towards the firm's capital."""

    code = "margin.va-capital-haircut-too-low"


class VaCapMissing(Refused):
    """VAF-3: virtual assets must be carried by securities, so their group needs a pure share below one."""

    code = "margin.va-cap-missing"


class HaircutOutOfRange(Refused):
    """A haircut below 0 or above 1."""

    code = "margin.haircut-out-of-range"


class TiersNotIncreasing(Refused):
    """Tiers whose limits or haircuts do not rise, or whose last one ends."""

    code = "margin.tiers-not-increasing"


class CapOutOfRange(Refused):
    """A concentration cap whose share is outside [0, 1] or whose floor is negative."""

    code = "margin.cap-out-of-range"


class TriggersOutOfOrder(Refused):
    """Triggers that do not satisfy 0 < warning <= call = 1 < hard."""

    code = "margin.triggers-out-of-order"


class TargetOutOfRange(Refused):
    """A target ratio outside (0, 1]."""

    code = "margin.target-out-of-range"


class TradeCostOutOfRange(Refused):
    """A trade cost outside [0, 0.1]."""

    code = "margin.trade-cost-out-of-range"


class DeadlinesOutOfRange(Refused):
    """A deadline, dwell time or extension that is not a sensible number of days, hours or minutes."""

    code = "margin.deadlines-out-of-range"


class GroupInPolicy(Refused):
    """Related names in a policy: they are joined by their instruments' group, and nowhere else (SMF-2)."""

    code = "margin.group-in-policy"


class VaDueAfterSecurities(Refused):
    """Deadlines under which the virtual part of a call could outlast the securities part.

    FORMULAS, Deadline: when the virtual part expires only it may be sold, so it must expire first; the
    securities part, once overdue, would otherwise wait for it.
    """

    code = "margin.va-due-after-securities"


def validate(policy: MarginPolicy) -> None:
    """Raise the typed refusal of the first thing the policy may not say; return None if it may stand.

    Sources: VAF-3, VAF-4, VAF-5, VAF-6, INT-1; FORMULAS, Collateral. Haircuts may not fall with
    size: a bigger position never earns a better marginal rate, which the sale plan relies on.
    """
    for asset, terms in policy.assets.items():
        _check_haircuts(asset, terms)
        if terms.group is not None:
            raise GroupInPolicy(f"Join related names in the instrument's terms of {asset}.", asset=asset)
        if terms.kind is AssetKind.VA:
            _check_va(asset, terms)
    _check_caps(policy)
    _check_ratios(policy)
    _check_times(policy)
    _check_interest(policy)
    _check_suspension(policy)


def _check_haircuts(asset: str, terms: AssetTerms) -> None:
    haircuts = [tier.haircut for tier in terms.tiers]
    for haircut in (*haircuts, terms.capital_haircut):
        if not ZERO <= checked(haircut, name="haircut") <= ONE:
            raise HaircutOutOfRange(
                f"The haircuts of {asset} must lie between 0 and 1.", asset=asset, haircut=haircut
            )
    if not limits_rise([tier.up_to for tier in terms.tiers]) or haircuts != sorted(haircuts):
        raise TiersNotIncreasing(
            f"The tiers of {asset} must rise in limit and haircut, and the last must have no limit.",
            asset=asset,
        )


def _check_va(asset: str, terms: AssetTerms) -> None:
    lowest = terms.tiers[0].haircut
    if asset not in ELIGIBLE_VA and lowest < ONE:
        raise VaNotEligible(
            f"{asset} may not carry lending value: only BTC and ETH may. Set its haircut to 1.",
            asset=asset,
            haircut=lowest,
        )
    if lowest < LEAST_VA_HAIRCUT:
        raise VaHaircutTooLow(f"The haircut of {asset} must be at least 60 %.", asset=asset, haircut=lowest)
    if terms.capital_haircut < ONE:
        raise VaCapitalHaircutTooLow(
            f"{asset} counts nothing for capital: its capital haircut must be 100 %.",
            asset=asset,
            haircut=terms.capital_haircut,
        )


def _check_caps(policy: MarginPolicy) -> None:
    named = dict(policy.caps)
    if policy.default_cap is not None:
        named["default"] = policy.default_cap
    for group, cap in named.items():
        if not ZERO <= checked(cap.share, name="share") <= ONE or checked(cap.floor, name="floor") < ZERO:
            raise CapOutOfRange(
                f"The cap of {group} needs a share between 0 and 1 and a floor of at least 0.", group=group
            )
    va = policy.cap_of(VA_GROUP)
    lends_on_va = any(
        terms.kind is AssetKind.VA and terms.tiers[0].haircut < ONE for terms in policy.assets.values()
    )
    if lends_on_va and (va is None or va.share >= ONE or va.floor > ZERO):
        raise VaCapMissing("Cap the group VA at a share below 1 with floor 0: securities must carry it.")


def _check_ratios(policy: MarginPolicy) -> None:
    triggers = policy.triggers
    for ratio in (triggers.warning, triggers.call, triggers.hard, policy.target, policy.trade_cost):
        checked(ratio, name="ratio")
    if not ZERO < triggers.warning <= triggers.call or triggers.call != ONE or triggers.hard <= ONE:
        raise TriggersOutOfOrder("Triggers must satisfy 0 < warning <= call = 1 < hard.")
    if not ZERO < policy.target <= ONE:
        raise TargetOutOfRange("The target must be above 0 and at most 1.", target=policy.target)
    if not ZERO <= policy.trade_cost <= Decimal("0.1"):
        raise TradeCostOutOfRange("The trade cost must lie between 0 and 10 %.", cost=policy.trade_cost)
    if not ZERO <= checked(policy.plan_move_limit, name="plan move limit") <= ONE:
        raise TargetOutOfRange("The plan move limit must lie between 0 and 1.", limit=policy.plan_move_limit)


def _check_times(policy: MarginPolicy) -> None:
    times = policy.deadlines
    if not (
        1 <= times.securities_business_days <= 30
        and 0 <= times.securities_due_hour <= 23
        and 1 <= times.va_hours <= 720
        and 0 <= times.longest_extension_hours <= 720
        and 0 <= policy.dwell_minutes <= 43_200
    ):
        raise DeadlinesOutOfRange("Deadlines are 1-30 business days at hour 0-23 and 1-720 hours.")
    most = least_securities_hours(times)
    if times.va_hours > most:
        raise VaDueAfterSecurities(
            f"A call made late in the day gives securities {most} hours: give virtual assets no more.",
            va_hours=times.va_hours,
            most=most,
        )


def _check_interest(policy: MarginPolicy) -> None:
    if not limits_rise([tier.up_to for tier in policy.interest]):
        raise TiersNotIncreasing("Interest tiers must rise in limit, and the last must have no limit.")
    for tier in policy.interest:
        check_lawful_rate(effective_annual_rate(checked(tier.rate, name="rate")))


def _check_suspension(policy: MarginPolicy) -> None:
    days = [step.after_days for step in policy.suspension]
    haircuts = [step.haircut for step in policy.suspension]
    if days != sorted(set(days)) or haircuts != sorted(haircuts):
        raise TiersNotIncreasing("The suspension ladder must rise in days and haircut.")
    if not haircuts or haircuts[-1] != ONE or checked(haircuts[0], name="haircut") < ZERO or days[0] < 0:
        raise HaircutOutOfRange("The suspension ladder must end at a haircut of 1.")
