"""What a margin policy may not say: each refusal by its code, and the policy of the examples as lawful."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from brokerage.ledger.refusal import Refused
from margin.rules.policy import (
    AssetKind,
    AssetTerms,
    ConcentrationCap,
    Deadlines,
    HaircutTier,
    InterestTier,
    MarginPolicy,
    SuspensionStep,
    Triggers,
    flat,
)
from margin.rules.validation import validate
from tests.margin.books import base_policy, coin, share

D = Decimal


def _tiers(*pairs: tuple[str | None, str]) -> tuple[HaircutTier, ...]:
    return tuple(HaircutTier(up_to=None if limit is None else D(limit), haircut=D(h)) for limit, h in pairs)


def _shares(*pairs: tuple[str | None, str]) -> AssetTerms:
    return replace(share("0"), tiers=_tiers(*pairs))


def _with(asset: str, terms: AssetTerms) -> MarginPolicy:
    return replace(base_policy(), assets={**base_policy().assets, asset: terms})


def _changed(**changes: Any) -> MarginPolicy:
    return replace(base_policy(), **changes)


def _va_cap(share: str, floor: str = "0") -> MarginPolicy:
    return _changed(caps={"VA": ConcentrationCap(share=D(share), floor=D(floor))})


def test_the_policy_of_the_examples_may_stand() -> None:
    validate(base_policy())


def test_a_virtual_asset_without_lending_value_may_be_listed() -> None:
    validate(_with("SOL", coin("1")))


def test_a_policy_without_virtual_assets_needs_no_cap_for_them() -> None:
    validate(_changed(assets={"0700": share("0.3")}, caps={}))


@pytest.mark.rule("VAF-3", "VAF-4", "VAF-5", "VAF-6", "INT-1")
@pytest.mark.parametrize(
    ("code", "policy"),
    [
        ("margin.va-haircut-too-low", _with("BTC", coin("0.5999"))),
        (
            "margin.va-haircut-too-low",
            _with("ETH", replace(coin("1"), tiers=_tiers(("1", "0.5"), (None, "1")))),
        ),
        ("margin.va-not-eligible", _with("SOL", coin("0.99"))),
        ("margin.va-capital-haircut-too-low", _with("BTC", replace(coin("0.6"), capital_haircut=D("0.99")))),
        ("margin.va-cap-missing", _changed(caps={})),
        ("margin.va-cap-missing", _va_cap("1")),
        ("margin.va-cap-missing", _va_cap("0.5", "100")),
        ("margin.cap-out-of-range", _va_cap("-0.1")),
        ("margin.cap-out-of-range", _changed(default_cap=ConcentrationCap(share=D("1.1")))),
        ("margin.cap-out-of-range", _changed(default_cap=ConcentrationCap(share=D(0), floor=D(-1)))),
        ("margin.haircut-out-of-range", _with("0700", share("-0.01"))),
        ("margin.haircut-out-of-range", _with("0700", share("1.01"))),
        ("margin.haircut-out-of-range", _with("0700", replace(share("0.3"), capital_haircut=D(2)))),
        ("margin.tiers-not-increasing", _with("0700", _shares())),
        ("margin.tiers-not-increasing", _with("0700", _shares(("10", "0.3")))),
        ("margin.tiers-not-increasing", _with("0700", _shares(("0", "0.3"), (None, "0.4")))),
        ("margin.tiers-not-increasing", _with("0700", _shares(("9", "0.3"), ("9", "0.4"), (None, "0.5")))),
        ("margin.tiers-not-increasing", _with("0700", _shares((None, "0.3"), (None, "0.4")))),
        ("margin.tiers-not-increasing", _with("0700", _shares(("9", "0.4"), (None, "0.3")))),
        ("margin.tiers-not-increasing", _changed(interest=())),
        ("margin.tiers-not-increasing", _changed(interest=(InterestTier(up_to=D(5), rate=D(0)),))),
        ("margin.rate-above-legal-limit", _changed(interest=(InterestTier(up_to=None, rate=D("0.40")),))),
        ("margin.triggers-out-of-order", _changed(triggers=Triggers(warning=D("1.01")))),
        ("margin.triggers-out-of-order", _changed(triggers=Triggers(warning=D(0)))),
        ("margin.triggers-out-of-order", _changed(triggers=Triggers(hard=D(1)))),
        ("margin.triggers-out-of-order", _changed(triggers=Triggers(call=D("1.05")))),
        ("margin.target-out-of-range", _changed(target=D("1.01"))),
        ("margin.target-out-of-range", _changed(target=D(0))),
        ("margin.target-out-of-range", _changed(plan_move_limit=D(-1))),
        ("margin.trade-cost-out-of-range", _changed(trade_cost=D("0.11"))),
        ("margin.trade-cost-out-of-range", _changed(trade_cost=D("-0.01"))),
        ("margin.deadlines-out-of-range", _changed(deadlines=Deadlines(va_hours=0))),
        ("margin.deadlines-out-of-range", _changed(deadlines=Deadlines(securities_due_hour=24))),
        ("margin.deadlines-out-of-range", _changed(dwell_minutes=-1)),
        ("margin.group-in-policy", _with("0700", replace(share("0.3"), group="Tencent"))),
        ("margin.va-due-after-securities", _changed(deadlines=Deadlines(va_hours=13))),
        ("margin.va-due-after-securities", _changed(deadlines=Deadlines(securities_due_hour=0))),
        (
            "margin.tiers-not-increasing",
            _changed(suspension=(SuspensionStep(after_days=1, haircut=D(1)),) * 2),
        ),
        (
            "margin.haircut-out-of-range",
            _changed(suspension=(SuspensionStep(after_days=1, haircut=D("0.9")),)),
        ),
        ("ledger.bad-amount", _changed(target=D("NaN"))),
        ("ledger.bad-amount", _with("0700", share("Infinity"))),
    ],
)
def test_an_unlawful_policy_is_refused_by_its_code(code: str, policy: MarginPolicy) -> None:
    with pytest.raises(Refused) as refusal:
        validate(policy)
    assert refusal.value.code == code


@pytest.mark.rule("VAF-8")
def test_virtual_assets_merge_into_one_group_whatever_their_terms_say() -> None:
    policy = _with(
        "BTC", AssetTerms(kind=AssetKind.VA, tiers=flat(D("0.6")), capital_haircut=D(1), group="x")
    )
    assert policy.group_of("BTC") == policy.group_of("ETH") == "VA"
