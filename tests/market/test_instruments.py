from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from brokerage.ledger.amounts import BadAmount
from brokerage.market.rules.instruments import (
    AssetClass,
    BadCode,
    BadCurrency,
    BadIsin,
    BadLot,
    FixedTerm,
    Terms,
    changed_terms,
    checked_terms,
    minor_units,
)

from .desk import DEMO

TENCENT = Terms(
    code="0700",
    name="Tencent",
    asset_class=AssetClass.SHARE,
    currency="HKD",
    places=0,
    lot=Decimal(100),
    isin="KYG875721634",
    group="Tencent",
)
ETHER = Terms(
    code="ETH",
    name="Ether",
    asset_class=AssetClass.CRYPTO,
    currency="USD",
    places=18,
    lot=Decimal("1e-18"),
    group="Ether",
)
DOLLAR = Terms(
    code="HKD",
    name="Hong Kong dollar",
    asset_class=AssetClass.CURRENCY,
    currency="HKD",
    places=2,
    lot=Decimal("0.01"),
    group="HKD",
)


class TestTerms:
    @pytest.mark.parametrize("terms", [TENCENT, ETHER, DOLLAR, *DEMO.values()])
    def test_good_ones_pass_unchanged(self, terms):
        assert checked_terms(terms) is terms

    @pytest.mark.parametrize(
        ("terms", "refusal"),
        [
            (replace(TENCENT, code="TENCENT"), BadCode),
            (replace(TENCENT, code="\u0660\u0667\u0660\u0660"), BadCode),
            (replace(TENCENT, isin="KYG875721635"), BadIsin),
            (replace(TENCENT, isin="kyg875721634"), BadIsin),
            (replace(TENCENT, currency="HKX"), BadCurrency),
            (replace(TENCENT, lot=Decimal("0.5")), BadLot),
            (replace(TENCENT, lot=Decimal(0)), BadAmount),
            (replace(TENCENT, lot=Decimal("NaN")), BadAmount),
            (replace(TENCENT, tick=Decimal(-1)), BadAmount),
            (replace(TENCENT, name=" "), BadCode),
            (replace(TENCENT, group=""), BadCode),
            (replace(ETHER, code="eth"), BadCode),
            (replace(ETHER, code="USD"), BadCode),
            (replace(ETHER, isin="KYG875721634"), BadIsin),
            (replace(ETHER, places=19), BadLot),
            (replace(ETHER, suspended_since=date(2025, 6, 30)), FixedTerm),
            (replace(DOLLAR, code="XYZ", currency="XYZ"), BadCurrency),
            (replace(DOLLAR, places=3), BadCurrency),
            (replace(DOLLAR, currency="USD"), BadCurrency),
        ],
    )
    def test_bad_ones_are_refused(self, terms, refusal):
        with pytest.raises(refusal):
            checked_terms(terms)

    def test_minor_units_follow_iso_4217(self):
        assert (minor_units("HKD"), minor_units("JPY")) == (2, 0)
        with pytest.raises(BadCurrency):
            minor_units("BTC")


class TestChange:
    def test_lot_group_and_suspension_may_change(self):
        new = replace(TENCENT, lot=Decimal(50), group="Naspers", suspended_since=date(2025, 6, 30))
        assert changed_terms(TENCENT, new) == new

    @pytest.mark.parametrize(
        "new",
        [
            replace(TENCENT, code="0701"),
            replace(TENCENT, currency="USD"),
            replace(TENCENT, places=1),
            replace(TENCENT, asset_class=AssetClass.ETF),
        ],
    )
    def test_what_it_is_may_not(self, new):
        with pytest.raises(FixedTerm):
            changed_terms(TENCENT, new)

    def test_a_change_is_checked_like_a_listing(self):
        with pytest.raises(BadIsin):
            changed_terms(TENCENT, replace(TENCENT, isin="KYG875721635"))
