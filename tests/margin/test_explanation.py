"""Every number of a call comes out again from its stored event alone."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.ledger import queries as ledger
from margin import commands as margin
from margin.events import CallIssued
from margin.explanation import explain, recompute
from margin.rules.policy import ConcentrationCap, HaircutTier
from tests.factories import context
from tests.margin.firm import FALLEN, Firm, last, open_call, policy


def call(firm: Firm, account: UUID, prices: dict[str, str]) -> CallIssued:
    """Let prices fall and call the account; its call as read back from the ledger."""
    calm = firm.price_set
    firm.wait(hours=3)
    firm.prices(prices)
    firm.assess(account, calm_set=calm)
    return last(account, CallIssued)


def test_a_call_read_from_the_ledger_is_recomputed_to_the_cent(firm: Firm) -> None:
    issued = call(firm, firm.base_book(), FALLEN)
    again = recompute(issued)
    assert again == issued
    assert again.standing.call_amount == Decimal(420_072)
    assert (again.securities, again.va) == (Decimal(156_120), Decimal(263_952))


def test_a_changed_number_is_noticed(firm: Firm) -> None:
    issued = call(firm, firm.base_book(), FALLEN)
    for changed in (
        replace(issued, va=issued.va + Decimal("0.01")),
        replace(issued, standing=replace(issued.standing, lending_value=Decimal(1))),
        replace(issued, positions=(replace(issued.positions[0], price=Decimal(399)), *issued.positions[1:])),
        replace(issued, target=Decimal("0.91")),
    ):
        assert recompute(changed) != changed


@pytest.mark.parametrize("fallen", [FALLEN, {"BTC": "1000", "ETH": "10"}, {"0700": "200"}])
def test_tiers_and_caps_that_bind_are_recomputed_too(firm: Firm, fallen: dict[str, str]) -> None:
    terms = policy().assets
    tiers = (
        HaircutTier(up_to=Decimal(400_000), haircut=Decimal("0.30")),
        HaircutTier(up_to=None, haircut=Decimal("0.45")),
    )
    account = firm.base_book()
    firm.adopt(
        assets={**terms, "0700": replace(terms["0700"], tiers=tiers)},
        default_cap=ConcentrationCap(share=Decimal("0.40")),
        caps={"VA": ConcentrationCap(share=Decimal("0.20"))},
    )
    issued = call(firm, account, fallen)
    assert recompute(issued) == issued


def test_an_explanation_names_prices_formulas_and_events(firm: Firm) -> None:
    account = firm.base_book()
    call(firm, account, FALLEN)
    margin.dispute_call(context(), account=account, reason="case 7")
    explained = explain(open_call(account).id)
    assert explained.agrees
    assert explained.reference == open_call(account).reference
    assert [recorded.kind for recorded in explained.history] == ["margin.call-issued", "margin.call-disputed"]
    assert {formula.name: formula.result for formula in explained.formulas}["D"] == Decimal(420_072)
    assert {each.asset: each.price_source for each in explained.event.positions}["BTC"] == "one, two"
    assert explained.issued in ledger.events(account)
