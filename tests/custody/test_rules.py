"""Custody's rules, on plain values."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerage.clients.rules.status import Act, ClientStatus
from brokerage.ledger.amounts import BadAmount
from brokerage.ledger.chart import Role
from custody.rules import (
    AccountKind,
    AccountStatus,
    Asset,
    AssetKind,
    BadLicence,
    BadTrade,
    BlockedMove,
    BlockScope,
    ClosedAccount,
    Licence,
    Side,
    Standing,
    TooFine,
    UseMargin,
    agreed,
    check_licence,
)

HKD = Asset(code="HKD", kind=AssetKind.MONEY, places=2)
BTC = Asset(code="BTC", kind=AssetKind.VIRTUAL_ASSET, places=8)


def standing(
    *blocks: tuple[BlockScope, str | None],
    kind: AccountKind = AccountKind.CASH,
    status: AccountStatus = AccountStatus.OPEN,
) -> Standing:
    return Standing(
        account=UUID(int=1),
        client=UUID(int=2),
        kind=kind,
        base_currency="HKD",
        status=status,
        client_status=ClientStatus.ACTIVE,
        blocks=blocks,
    )


class TestAnAmount:
    def test_may_be_as_fine_as_its_asset(self) -> None:
        assert BTC.amount(Decimal("0.00000001")) == Decimal("0.00000001")
        assert BTC.amount(Decimal("0.10000000000")) == Decimal("0.1")

    @pytest.mark.parametrize("text", ["0.000000001", "1.123456789"])
    def test_finer_is_refused(self, text: str) -> None:
        with pytest.raises(TooFine):
            BTC.amount(Decimal(text))

    @pytest.mark.parametrize("text", ["0", "-1", "NaN", "sNaN", "-Infinity"])
    def test_is_positive_and_finite(self, text: str) -> None:
        with pytest.raises(BadAmount):
            BTC.amount(Decimal(text))

    def test_of_money_is_cash_wherever_it_was_meant_to_go(self) -> None:
        assert HKD.held_as(Role.COLLATERAL) is Role.CASH
        assert BTC.held_as(Role.COLLATERAL) is Role.COLLATERAL


class TestAnAgreedTrade:
    @given(
        side=st.sampled_from(Side),
        quantity=st.decimals("0.00000001", "1000000", places=8),
        price=st.decimals("1000", "1000000", places=4),
        cost=st.decimals("0", "1000", places=2),
    )
    def test_is_within_half_a_cent_of_quantity_times_price(
        self, side: Side, quantity: Decimal, price: Decimal, cost: Decimal
    ) -> None:
        if quantity * price < Decimal("0.005"):
            with pytest.raises(BadAmount):
                agreed(side, BTC, HKD, quantity=quantity, price=price, cost=cost)
            return
        trade = agreed(side, BTC, HKD, quantity=quantity, price=price, cost=cost)
        assert abs(trade.consideration - quantity * price) <= Decimal("0.005")
        sign = -1 if side is Side.BUY else 1
        assert trade.due == sign * trade.consideration - cost

    def test_is_of_an_instrument_against_money(self) -> None:
        for asset, currency in ((HKD, HKD), (BTC, BTC)):
            with pytest.raises(BadTrade):
                agreed(Side.BUY, asset, currency, quantity=Decimal(1), price=Decimal(1), cost=Decimal(0))

    @pytest.mark.parametrize("cost", ["-0.01", "NaN", "0.001"])
    def test_has_a_cost_of_whole_cents_from_zero(self, cost: str) -> None:
        with pytest.raises((BadAmount, TooFine)):
            agreed(Side.BUY, BTC, HKD, quantity=Decimal(1), price=Decimal(1), cost=Decimal(cost))


class TestAStanding:
    def test_closed_stops_everything(self) -> None:
        for act in Act:
            with pytest.raises(ClosedAccount):
                standing(status=AccountStatus.CLOSED).check(act, "HKD")

    def test_a_block_of_one_asset_leaves_the_others_alone(self) -> None:
        blocked = standing((BlockScope.ALL, "BTC"))
        blocked.check(Act.WITHDRAW, "HKD")
        with pytest.raises(BlockedMove):
            blocked.check(Act.BUY, "HKD", "BTC")

    def test_no_block_stops_a_deposit(self) -> None:
        standing((BlockScope.ALL, None), (BlockScope.WITHDRAWALS, None)).check(Act.DEPOSIT, "BTC")

    def test_of_a_margin_account_sends_to_margin(self) -> None:
        standing().check_cash_kind()
        with pytest.raises(UseMargin):
            standing(kind=AccountKind.MARGIN).check_cash_kind()


@pytest.mark.rule("CUS-4")
class TestALicence:
    def test_has_type_number_and_a_sensible_period(self) -> None:
        check_licence(Licence(type="VATP", number="1", valid_from=date(2024, 1, 1)))
        for licence in (
            Licence(type="", number="1", valid_from=date(2024, 1, 1)),
            Licence(type="VATP", number=" ", valid_from=date(2024, 1, 1)),
            Licence(type="VATP", number="1", valid_from=date(2024, 1, 2), valid_until=date(2024, 1, 1)),
        ):
            with pytest.raises(BadLicence):
                check_licence(licence)
