"""Related names share one cap: they are joined by their instruments' group, and nowhere else (SMF-2)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from brokerage.market import queries as market
from brokerage.market.commands import change_instrument
from margin import queries
from margin.events import CallIssued
from margin.explanation import recompute
from margin.models import Valuation
from margin.revaluation import revalue
from margin.rules.policy import ConcentrationCap
from tests import desk
from tests.factories import context
from tests.margin.firm import FALLEN, Firm, last

HALF = ConcentrationCap(share=Decimal("0.5"))


def join(firm: Firm) -> None:
    """0700 and 2800 become names of one group."""
    group = market.instrument("0700").group
    change_instrument(context(), terms=replace(market.instrument("2800"), group=group))


@pytest.mark.rule("SMF-2")
def test_names_of_one_group_share_a_cap(firm: Firm) -> None:
    firm.adopt(default_cap=HALF)
    account = firm.base_book()
    policy = queries.policy_in_force(firm.time).policy
    apart = queries.valuation(account, firm.price_set, policy).valuation
    assert apart.lending_value == Decimal(1_633_200)
    join(firm)
    joined = queries.valuation(account, firm.price_set, policy).valuation
    assert {line.group for line in joined.lines if line.asset in ("0700", "2800")} == {"Tencent"}
    assert joined.lending_value == 2 * Decimal(733_200)  # 900,000 of shares, 733,200 of virtual assets


@pytest.mark.rule("SMF-2")
def test_the_whole_book_and_a_call_join_them_too(firm: Firm) -> None:
    firm.adopt(default_cap=HALF)
    account = firm.base_book()
    join(firm)
    firm.wait(hours=3)
    firm.prices(FALLEN)
    revalue(firm.price_set, firm.time)
    firm.assess(account)
    issued = last(account, CallIssued)
    assert {each.group for each in issued.positions} == {"Tencent", "VA"}
    assert Valuation.objects.get(account=account).lending_value == issued.standing.lending_value
    assert recompute(issued) == issued


def test_the_policy_page_says_which_names_are_related(firm: Firm, client) -> None:  # type: ignore[no-untyped-def]
    join(firm)
    client.force_login(desk.member("credit"))
    assert client.get("/staff/policy/").content.decode().count(">Tencent<") == 2
