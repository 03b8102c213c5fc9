"""The margin policy: every figure the collateral rules read, as one dated value.

All figures are fractions of one (0.60 is 60 %), amounts are in the policy's currency. Everything
here is stored inside events, so fields keep to the types the ledger's codec knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from brokerage.ledger.amounts import ONE, ZERO

VA_GROUP = "VA"
"""All virtual assets are one name for concentration (FORMULAS, Concentration)."""


class AssetKind(StrEnum):
    """What regulation an asset falls under."""

    SECURITIES = "securities"
    VA = "va"


class TierBasis(StrEnum):
    """What the tiers of an asset are measured in."""

    VALUE = "value"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True, kw_only=True)
class HaircutTier:
    """A marginal haircut: it applies to the slice up to `up_to` only (None: without end)."""

    up_to: Decimal | None
    haircut: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestTier:
    """A marginal yearly rate: it applies to the slice of the debit up to `up_to` (None: without end)."""

    up_to: Decimal | None
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTerms:
    """How one asset counts as collateral, for lending (tiers) and for the firm's capital.

    `group` names the related names it merges with before caps; None stands alone. A policy leaves it
    out: it is the instrument's (`with_groups`). Virtual assets always merge into VA_GROUP. Tiers run
    by market value in the policy's currency or by quantity.
    """

    kind: AssetKind
    tiers: tuple[HaircutTier, ...]
    capital_haircut: Decimal
    basis: TierBasis = TierBasis.VALUE
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcentrationCap:
    """A group counts for at most `share` of the lending value, or `floor` if that is more."""

    share: Decimal
    floor: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """Multiples of the lending value at which a loan is in warning, in call and beyond delay."""

    warning: Decimal = Decimal("0.90")
    call: Decimal = ONE
    hard: Decimal = Decimal("1.30")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """When a call is due: securities on a later business day (Hong Kong hour), VA in plain hours."""

    securities_business_days: int = 1
    securities_due_hour: int = 12
    va_hours: int = 12
    longest_extension_hours: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionStep:
    """From so many days of suspension on, a security's haircut is at least this."""

    after_days: int
    haircut: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginPolicy:
    """The house's margin policy from one date on; `validation.validate` proves it before adoption.

    `default_cap` applies to every group without a cap of its own; None leaves those uncapped.
    `target` is the ratio a call restores, `trade_cost` the assumed cost of a trade as a fraction.
    With `automatic_sales` a job may approve a sale plan; otherwise a second person must.
    """

    assets: dict[str, AssetTerms]
    interest: tuple[InterestTier, ...]
    currency: str = "HKD"
    default_cap: ConcentrationCap | None = None
    caps: dict[str, ConcentrationCap] = field(
        default_factory=lambda: {VA_GROUP: ConcentrationCap(share=Decimal("0.50"))}
    )
    triggers: Triggers = Triggers()
    target: Decimal = Decimal("0.90")
    deadlines: Deadlines = Deadlines()
    trade_cost: Decimal = Decimal("0.0035")
    purchase_only_credit: bool = True
    dwell_minutes: int = 60
    plan_move_limit: Decimal = Decimal("0.05")
    automatic_sales: bool = False
    suspension: tuple[SuspensionStep, ...] = (
        SuspensionStep(after_days=1, haircut=Decimal("0.50")),
        SuspensionStep(after_days=5, haircut=Decimal("0.75")),
        SuspensionStep(after_days=10, haircut=ONE),
    )

    def group_of(self, asset: str) -> str:
        """The name the asset merges into before caps."""
        terms = self.assets.get(asset)
        if terms is None:
            return asset
        if terms.kind is AssetKind.VA:
            return VA_GROUP
        return terms.group or asset

    def cap_of(self, group: str) -> ConcentrationCap | None:
        """The cap of a group: its own, else the default; None if it has none."""
        return self.caps.get(group, self.default_cap)


def with_groups(policy: MarginPolicy, groups: Mapping[str, str]) -> MarginPolicy:
    """The policy with related names joined as reference data joins them (SMF-2): assets to their groups."""
    assets = {
        asset: terms if terms.kind is AssetKind.VA else replace(terms, group=groups.get(asset))
        for asset, terms in policy.assets.items()
    }
    return replace(policy, assets=assets)


def flat(haircut: Decimal) -> tuple[HaircutTier, ...]:
    """One tier without end: the same haircut at any size."""
    return (HaircutTier(up_to=None, haircut=haircut),)


def limits_rise(limits: Sequence[Decimal | None]) -> bool:
    """Whether tier limits rise strictly from above zero and only the last is without end."""
    if not limits or limits[-1] is not None:
        return False
    known = [limit for limit in limits[:-1] if limit is not None]
    return len(known) == len(limits) - 1 and all(
        low < high for low, high in zip([ZERO, *known], known, strict=False)
    )
