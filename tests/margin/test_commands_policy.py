"""A policy is dated, whole, and never against the rules, whoever enters it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from brokerage.ledger import queries as ledger
from brokerage.ledger.refusal import Refused
from margin import commands as margin
from margin import queries
from margin.events import POLICY_STREAM
from margin.models import Policy
from margin.rules.policy import AssetKind, ConcentrationCap
from tests.factories import MAKER, by_two, context
from tests.margin.firm import Firm, policy, terms


@pytest.mark.rule("VAF-4", "VAF-5", "VAF-6")
@pytest.mark.parametrize(
    ("assets", "code"),
    [
        ({"BTC": terms(AssetKind.VA, "0.59", "1")}, "margin.va-haircut-too-low"),
        ({"SOL": terms(AssetKind.VA, "0.80", "1")}, "margin.va-not-eligible"),
        ({"ETH": terms(AssetKind.VA, "0.65", "0.90")}, "margin.va-capital-haircut-too-low"),
        ({"BTC": terms(AssetKind.SECURITIES, "0.30", "0.30")}, "margin.wrong-kind"),
        ({"SOL": terms(AssetKind.SECURITIES, "0.30", "0.30")}, "margin.wrong-kind"),
        ({"0700": terms(AssetKind.VA, "1", "1")}, "margin.wrong-kind"),
        ({"0700": terms(AssetKind.SECURITIES, "1.10", "1")}, "margin.haircut-out-of-range"),
        ({"0700": terms(AssetKind.SECURITIES, "NaN", "1")}, "ledger.bad-amount"),
    ],
)
def test_is_refused_with_a_code_and_nothing_is_written(firm: Firm, assets: dict[str, Any], code: str) -> None:
    before = len(ledger.events(POLICY_STREAM))
    with pytest.raises(Refused) as refused:
        firm.adopt(assets={**policy().assets, **assets})
    assert refused.value.code == code
    assert len(ledger.events(POLICY_STREAM)) == before


@pytest.mark.rule("VAF-3")
def test_without_a_cap_on_virtual_assets_is_refused(firm: Firm) -> None:
    with pytest.raises(Refused) as refused:
        firm.adopt(caps={"VA": ConcentrationCap(share=Decimal(1))})
    assert refused.value.code == "margin.va-cap-missing"


def test_comes_back_from_the_ledger_as_it_was_adopted(firm: Firm) -> None:
    assert queries.policy_in_force(firm.time).policy == policy()


def test_counts_from_its_own_date_on(firm: Firm) -> None:
    later = firm.time + timedelta(days=1)
    stricter = replace(policy(), target=Decimal("0.80"))
    version = margin.adopt_policy(by_two(), policy=stricter, effective_from=later, reason="minutes").value
    assert version == 2
    assert queries.policy_in_force(later - timedelta(seconds=1)).version == 1
    assert queries.policy_in_force(later).policy.target == Decimal("0.80")


def test_is_adopted_by_two_people_only(firm: Firm) -> None:
    for people in ({"maker": MAKER}, {"maker": MAKER, "checker": MAKER}):
        with pytest.raises(Refused) as refused:
            margin.adopt_policy(
                context(**people), policy=policy(), effective_from=firm.time, reason="minutes"
            )
        assert refused.value.code == "ledger.second-person-needed"
    assert Policy.objects.count() == 1


def test_never_takes_effect_in_the_past_or_before_the_last_one(firm: Firm) -> None:
    later = firm.time + timedelta(days=1)
    margin.adopt_policy(by_two(), policy=policy(), effective_from=later, reason="minutes")
    for effective_from in (firm.time - timedelta(days=1), firm.time + timedelta(hours=1)):
        with pytest.raises(Refused) as refused:
            margin.adopt_policy(by_two(), policy=policy(), effective_from=effective_from, reason="minutes")
        assert refused.value.code == "margin.policy-in-the-past"
    assert Policy.objects.count() == 2


def test_a_haircut_that_rises_calls_at_the_next_assessment(firm: Firm) -> None:
    account = firm.base_book()
    firm.adopt(assets={**policy().assets, "0700": terms(AssetKind.SECURITIES, "0.60", "0.60")})
    firm.assess(account)
    assert ledger.events(account)[-1].kind == "margin.call-issued"
