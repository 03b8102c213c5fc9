"""Adopting the house's margin policy: dated, whole, and never against the rules."""

from datetime import datetime

from brokerage.access.rules import Perm
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused, check_reason
from brokerage.market import queries as market
from brokerage.market.rules.instruments import AssetClass

from ..events import POLICY_STREAM, PolicyAdopted
from ..models import Policy
from ..rules.policy import AssetKind, MarginPolicy
from ..rules.validation import validate


class PolicyInThePast(Refused):
    """A policy that would have taken effect before one that decisions already rest on."""

    code = "margin.policy-in-the-past"


class WrongKind(Refused):
    """VAF-4 to VAF-6: a virtual asset entered as a security, which would escape its rules, or the reverse."""

    code = "margin.wrong-kind"


@command("margin.adopt-policy")
def adopt_policy(entry: Entry, *, policy: MarginPolicy, effective_from: datetime, reason: str) -> int:
    """Adopt a policy from an instant on, by two people; returns its version number.

    Raises the refusals of `rules.validation` (VAF-3 to VAF-6 among them), WrongKind, ReasonMissing,
    SecondPersonNeeded, and PolicyInThePast unless it takes effect with or after the entry and every
    policy before it.
    """
    entry.lock(POLICY_STREAM)
    validate(policy)
    _check_kinds(policy)
    check_reason("margin", reason, "Say why the policy changes.")
    newest = Policy.objects.order_by("-version").first()
    earliest = entry.effective_at if newest is None else max(entry.effective_at, newest.effective_from)
    if effective_from < earliest:
        raise PolicyInThePast(
            "A policy takes effect when it is adopted, or later, and not before the last one.",
            effective_from=effective_from,
            earliest=earliest,
        )
    entry.second_person(Perm.APPROVE_POLICIES)
    version = 1 if newest is None else newest.version + 1
    entry.record(
        POLICY_STREAM,
        PolicyAdopted(version=version, effective_from=effective_from, policy=policy, reason=reason),
    )
    return version


def _check_kinds(policy: MarginPolicy) -> None:
    """Pass if each asset is of the kind its instrument is; raises WrongKind, UnknownInstrument."""
    listed = market.instruments_of(policy.assets)
    for asset, terms in policy.assets.items():
        is_va = listed[asset].asset_class is AssetClass.CRYPTO
        if is_va != (terms.kind is AssetKind.VA):
            raise WrongKind(
                f"{asset} is {'a' if is_va else 'no'} virtual asset; enter it as what it is.", asset=asset
            )
