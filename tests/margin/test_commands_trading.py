"""Purchases draw credit, and only they do; sales repay it."""

from decimal import Decimal

import pytest

from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import Role
from brokerage.ledger.refusal import Refused
from margin import commands as margin
from margin import queries
from margin.events import Drawn, Purpose, Repaid, Source
from margin.rules.buying_power import buying_power
from margin.rules.calls import Health
from tests.factories import context
from tests.margin.firm import FALLEN, Firm, kinds, last, owed


class TestPurchase:
    @pytest.mark.rule("VAF-15")
    def test_draws_credit_for_what_cash_does_not_cover_and_names_the_trade(self, firm: Firm) -> None:
        account = firm.base_book()
        drawn = last(account, Drawn)
        assert owed(account) == drawn.amount == Decimal(1_500_000)
        assert drawn.purpose is Purpose.VA
        assert drawn.trade is not None
        balances = ledger.balances(account)
        assert balances[Role.COLLATERAL, "BTC"] == 2
        assert balances[Role.CASH, "HKD"] == 0

    def test_of_800_shares_fits_the_worked_examples_buying_power(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.buy(account, "0700", "800")
        assert owed(account) == Decimal(1_901_400)

    @pytest.mark.rule("VAF-4")
    @pytest.mark.parametrize(
        ("asset", "quantity", "code"),
        [
            ("0700", "900", "margin.purchase-beyond-buying-power"),
            ("0700", "150", "margin.not-whole-lots"),
            ("0700", "0", "ledger.bad-amount"),
            ("0700", "-100", "ledger.bad-amount"),
            ("SOL", "1", "margin.not-eligible"),
            ("9999", "100", "margin.price-missing"),
            ("0700", "100000", "margin.purchase-beyond-limit"),
        ],
    )
    def test_is_refused_with_a_code(self, firm: Firm, asset: str, quantity: str, code: str) -> None:
        account = firm.base_book()
        before = kinds(account)
        with pytest.raises(Refused) as refused:
            firm.buy(account, asset, quantity)
        assert refused.value.code == code
        assert kinds(account) == before

    @pytest.mark.rule("VAF-10", "SMF-5")
    def test_is_stopped_while_a_call_is_open(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.wait(hours=3)
        firm.prices(FALLEN)
        firm.assess(account)
        with pytest.raises(Refused) as refused:
            firm.buy(account, "0700", "100")
        assert refused.value.code == "margin.credit-stopped"

    def test_is_refused_on_a_stale_price(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.wait(minutes=6)
        with pytest.raises(Refused) as refused:
            firm.buy(account, "BTC", "0.1")
        assert refused.value.code == "margin.price-in-doubt"

    def test_replays_to_the_same_trade_and_books_once(self, firm: Firm) -> None:
        account = firm.base_book()
        asked = context()
        order = {"account": account, "asset": "0700", "quantity": Decimal(100), "price_set": firm.price_set}
        first = margin.purchase(asked, **order)
        second = margin.purchase(asked, **order)
        assert (second.value, second.replayed) == (first.value, True)
        assert ledger.balances(account)[Role.COLLATERAL, "0700"] == 2100

    def test_at_a_fill_above_the_set_counts_the_difference_as_cost(self, firm: Firm) -> None:
        account = firm.base_book()
        with pytest.raises(Refused) as refused:
            margin.purchase(
                context(),
                account=account,
                asset="0700",
                quantity=Decimal(800),
                price_set=firm.price_set,
                price=Decimal(515),
            )
        assert refused.value.code == "margin.purchase-beyond-buying-power"

    def test_of_the_whole_buying_power_is_not_called_for_a_cent(self, firm: Firm) -> None:
        for step in range(8):
            firm.prices({"BTC": str(Decimal("60000.37") + step * Decimal("13.171"))})
            account = firm.account({"0700": "2000"})
            terms = queries.policy_in_force(firm.time).policy
            quotes = queries.prices(firm.price_set, "HKD", at=firm.time).quotes
            book, satoshi, cent = queries.books([account])[account], Decimal("1e-8"), Decimal("0.01")
            most = buying_power(book, "BTC", quotes, terms, satoshi, spare=cent)
            firm.buy(account, "BTC", str(most.quantity))
            assert queries.valuation(account, firm.price_set, terms).health is not Health.CALL
            with pytest.raises(Refused):
                firm.buy(account, "BTC", "0.00001")


class TestSale:
    def test_at_a_set_that_newer_prices_replaced_is_refused(self, firm: Firm) -> None:
        account, seen = firm.account({"0700": "1000"}), firm.price_set
        firm.prices({"0700": "450"})
        with pytest.raises(Refused) as refused:
            margin.sell(context(), account=account, asset="0700", quantity=Decimal(1000), price_set=seen)
        assert refused.value.code == "margin.prices-superseded"

    def test_at_a_price_in_doubt_takes_the_price_of_a_fill(self, firm: Firm) -> None:
        account = firm.account({"BTC": "1"})
        firm.split_prices({"BTC": "50000"})
        order = {"account": account, "asset": "BTC", "quantity": Decimal(1), "price_set": firm.price_set}
        with pytest.raises(Refused) as refused:
            margin.sell(context(), **order)
        assert refused.value.code == "margin.price-in-doubt"
        margin.sell(context(), **order, price=Decimal(55_000), cost=Decimal(0))
        assert ledger.balances(account)[Role.CASH, "HKD"] == 429_000

    def test_repays_the_loan_with_the_net_proceeds(self, firm: Firm) -> None:
        account = firm.base_book()
        trade = margin.sell(
            context(), account=account, asset="0700", quantity=Decimal(1000), price_set=firm.price_set
        ).value
        repaid = last(account, Repaid)
        assert (repaid.source, repaid.trade) == (Source.SALE, trade)
        assert owed(account) == 1_500_000 - (500_000 - 1_750)

    def test_beyond_the_loan_leaves_cash(self, firm: Firm) -> None:
        account = firm.account({"0700": "1000"})
        margin.sell(
            context(), account=account, asset="0700", quantity=Decimal(1000), price_set=firm.price_set
        )
        assert ledger.balances(account)[Role.CASH, "HKD"] == 500_000 - 1_750

    def test_of_more_than_is_held_is_refused(self, firm: Firm) -> None:
        account = firm.account({"0700": "1000"})
        with pytest.raises(Refused) as refused:
            margin.sell(
                context(), account=account, asset="0700", quantity=Decimal(1001), price_set=firm.price_set
            )
        assert refused.value.code == "margin.beyond-holding"
