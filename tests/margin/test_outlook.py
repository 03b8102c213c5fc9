"""What the desk and REST say may be bought or would meet a call is what the commands then accept."""

from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.ledger.refusal import Refused
from margin import commands as margin
from margin import outlook
from margin.models import Call, MarginAccount
from margin.outlook import Cures
from margin.past import Past, standing
from margin.rules.buying_power import BuyingPower
from tests import desk
from tests.factories import context
from tests.http import callers
from tests.margin.firm import FALLEN, Firm, open_call


def now(firm: Firm, account: UUID) -> Past:
    past = standing(MarginAccount.objects.get(pk=account), firm.time)
    assert past is not None
    return past


def powers(firm: Firm, account: UUID) -> dict[str, BuyingPower]:
    return {each.asset: each for each in outlook.buying_power(now(firm, account))}


def cures(firm: Firm, account: UUID) -> Cures:
    found = outlook.cures(now(firm, account))
    assert found is not None
    return found


def called(firm: Firm) -> UUID:
    account, calm = firm.base_book(), firm.price_set
    firm.wait(hours=3)
    firm.prices(FALLEN)
    firm.assess(account, calm_set=calm)
    return account


class TestBuyingPower:
    def test_is_the_worked_examples_and_what_a_purchase_takes(self, firm: Firm) -> None:
        account = firm.base_book()
        power = powers(firm, account)["0700"]
        assert (power.quantity, power.market_value) == (Decimal(800), Decimal(400_000))
        with pytest.raises(Refused) as refusal:
            firm.buy(account, "0700", "900")
        assert refusal.value.code == "margin.purchase-beyond-buying-power"
        firm.buy(account, "0700", "800")

    def test_leaves_out_what_may_not_be_pledged(self, firm: Firm) -> None:
        assert set(powers(firm, firm.base_book())) == {"0700", "2800", "BTC", "ETH"}

    def test_leaves_out_what_has_a_doubtful_price(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.split_prices({"BTC": "55000"})
        assert "BTC" not in powers(firm, account)

    def test_counts_cash(self, firm: Firm) -> None:
        account = firm.account({"HKD": "100000"}, limit="0")
        assert powers(firm, account)["2800"].quantity == Decimal(3500)
        firm.buy(account, "2800", "3500")

    def test_is_none_during_a_call(self, firm: Firm) -> None:
        assert powers(firm, called(firm)) == {}


class TestCures:
    def test_are_none_without_a_call(self, firm: Firm) -> None:
        assert outlook.cures(now(firm, firm.base_book())) is None

    def test_in_cash_meet_the_call_to_the_cent(self, firm: Firm) -> None:
        account = called(firm)
        asked = cures(firm, account).cash
        assert asked == Decimal(420_072)
        cent = Decimal("0.01")
        margin.deposit(context(), account=account, asset="HKD", amount=asked - cent)
        assert open_call(account).is_open
        assert cures(firm, account).cash == cent
        margin.deposit(context(), account=account, asset="HKD", amount=cent)
        assert Call.objects.get(account=account).stage == "met"

    @pytest.mark.parametrize(("asset", "quantity", "lot"), [("0700", 1700, 100), ("2800", 23500, 500)])
    def test_in_an_asset_meet_the_call_to_the_lot(
        self, firm: Firm, asset: str, quantity: int, lot: int
    ) -> None:
        account = called(firm)
        found = {each.asset: each.quantity for each in cures(firm, account).assets}
        assert found[asset] == quantity
        margin.deposit(context(), account=account, asset=asset, amount=Decimal(quantity - lot))
        assert open_call(account).is_open
        margin.deposit(context(), account=account, asset=asset, amount=Decimal(lot))
        assert Call.objects.get(account=account).stage == "met"

    def test_leave_out_what_a_cap_forbids(self, firm: Firm) -> None:
        assert {each.asset for each in cures(firm, called(firm)).assets} == {"0700", "2800"}

    def test_count_a_doubtful_price_at_its_worse_end(self, firm: Firm) -> None:
        account = called(firm)
        firm.split_prices({"0700": "300"})
        assert cures(firm, account).cash > Decimal(420_072)


class TestFaces:
    def test_the_account_page_shows_both(self, firm: Firm, client) -> None:  # type: ignore[no-untyped-def]
        client.force_login(desk.member("credit"))
        calm = client.get(f"/staff/margin/{firm.base_book()}/").content.decode()
        assert "May still be bought" in calm
        assert 'Capital charge</dt><dd class="bad">600,000.00<' in calm
        assert ">400,000.00<" in calm
        account = called(firm)
        client.force_login(desk.User.objects.get())  # an idle stay has ended meanwhile
        in_call = client.get(f"/staff/margin/{account}/").content.decode()
        assert "What would meet the call" in in_call
        assert "Nothing on credit" in in_call
        assert ">1,700<" in in_call

    def test_rest_says_the_same(self, firm: Firm) -> None:
        credit, account = callers.staff("credit"), firm.base_book()
        power = credit.get(f"margin-accounts/{account}/buying-power").json()["data"]
        assert (power["currency"], power["credit_stopped"]) == ("HKD", False)
        assert {"asset": "0700", "quantity": "800", "market_value": "400000"} in power["assets"]
        call = open_call(called(firm))
        credit = callers.staff("credit", name="lin")
        shown = credit.get(f"margin-calls/{call.id}").json()["data"]
        assert shown["cures"]["cash"] == "420072"
        assert [each["asset"] for each in shown["cures"]["assets"]] == ["0700", "2800"]
        margin.deposit(context(), account=call.account_id, asset="HKD", amount=Decimal(420_072))
        assert credit.get(f"margin-calls/{call.id}").json()["data"]["cures"] is None
