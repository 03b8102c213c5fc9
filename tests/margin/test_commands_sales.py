"""A forced sale: never without approval, never twice, never further than the target."""

from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.jobs.models import Outbox
from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import FIRM, Account, Role
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import Source
from brokerage.ledger.refusal import Refused
from margin import commands as margin
from margin import queries
from margin.commands.sales import NotThisSale
from margin.events import DeficitRecorded, Outcome, SaleApproved, SaleClosed, SalePlanned
from margin.models import Call, MarginAccount, Sale, SaleFill
from margin.rules.lifecycle import Scope, Stage
from margin.rules.policy import Deadlines
from margin.rules.second_person import WRITE_OFFS
from tests.factories import context
from tests.margin.firm import FALLEN, Firm, kinds, last, open_call, owed

MAKER, CHECKER = UUID(int=1), UUID(int=2)
CRASHED = {"0700": "100", "2800": "5", "BTC": "20000", "ETH": "800"}


def expired(firm: Firm, account: UUID, prices: dict[str, str] = FALLEN) -> UUID:
    """Let prices fall, call the account and let both deadlines pass."""
    firm.wait(hours=3)
    firm.prices(prices)
    firm.assess(account)
    if open_call(account).stage == Stage.ISSUED:
        firm.wait(days=1)
        firm.prices({})
        margin.expire_calls(context(), accounts=[account], price_set=firm.price_set)
    return account


def plan(firm: Firm, account: UUID) -> UUID:
    return margin.plan_sale(context(), account=account, price_set=firm.price_set).value


def approve(firm: Firm, account: UUID, sale: UUID, **asked: object) -> None:
    by = context(**(asked or {"maker": MAKER, "checker": CHECKER}))
    margin.approve_sale(by, account=account, sale=sale, price_set=firm.price_set)


def ordered(firm: Firm, account: UUID) -> Sale:
    sale = plan(firm, account)
    approve(firm, account, sale)
    margin.order_sale(context(), account=account, sale=sale, price_set=firm.price_set)
    return Sale.objects.get(pk=sale)


def fill(firm: Firm, account: UUID, sale: Sale, leg: int, venue: str, quantity: str, price: str) -> None:
    margin.fill_sale(
        context(),
        account=account,
        sale=sale.id,
        leg=leg,
        venue_trade=venue,
        quantity=Decimal(quantity),
        price=Decimal(price),
        price_set=firm.price_set,
    )


def release(firm: Firm, account: UUID, sale: Sale, leg: int = 0) -> None:
    margin.release_order(context(), account=account, sale=sale.id, leg=leg)


def standing(account: UUID, asset: str = "BTC") -> tuple[Decimal, Decimal]:
    """What of an asset is free and what an order reserves."""
    balances = ledger.balances(account)
    return balances.get((Role.COLLATERAL, asset), Decimal(0)), balances.get(
        (Role.RESERVED, asset), Decimal(0)
    )


class TestPlanning:
    def test_before_a_deadline_has_passed_is_refused(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.wait(hours=3)
        firm.prices(FALLEN)
        firm.assess(account)
        with pytest.raises(Refused) as refused:
            plan(firm, account)
        assert refused.value.code == "margin.call-step-not-possible"

    def test_again_at_the_same_prices_changes_nothing(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        plan(firm, account)
        with pytest.raises(NothingToDo):
            plan(firm, account)

    def test_again_after_a_large_move_supersedes_the_plan(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        first = plan(firm, account)
        firm.prices({"BTC": "55000"})
        with pytest.raises(Refused) as refused:
            approve(firm, account, first)
        assert refused.value.code == "margin.plan-outdated"
        second = plan(firm, account)
        assert Sale.objects.get(pk=first).outcome == Outcome.SUPERSEDED
        assert (Sale.objects.get(pk=second).version, second != first) == (2, True)


class TestApproval:
    def test_takes_two_people(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = plan(firm, account)
        for asked in ({"maker": MAKER}, {"source": Source.JOB}):
            with pytest.raises(Refused) as refused:
                approve(firm, account, sale, **asked)
            assert refused.value.code == "ledger.second-person-needed"

    def test_may_be_a_jobs_where_the_policy_says_so(self, firm: Firm) -> None:
        firm.adopt(automatic_sales=True)
        account = expired(firm, firm.base_book())
        approve(firm, account, plan(firm, account), source=Source.JOB)
        assert last(account, SaleApproved).automatic

    def test_on_a_stale_price_takes_a_second_person_even_then(self, firm: Firm) -> None:
        firm.adopt(automatic_sales=True)
        account = expired(firm, firm.base_book())
        sale = plan(firm, account)
        firm.wait(minutes=6)
        with pytest.raises(Refused) as refused:
            approve(firm, account, sale, source=Source.JOB)
        assert refused.value.code == "ledger.second-person-needed"

    def test_is_moot_when_the_client_has_paid_meanwhile(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = plan(firm, account)
        margin.deposit(context(), account=account, asset="HKD", amount=Decimal(500_000))
        assert kinds(account)[-2:] == ["sale-closed", "call-met"]
        with pytest.raises(Refused) as refused:
            approve(firm, account, sale)
        assert refused.value.code == "margin.not-this-sale"


class TestOrder:
    def test_leaves_one_message_a_leg_and_no_second_one(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        with pytest.raises(Refused) as refused:
            margin.order_sale(context(), account=account, sale=sale.id, price_set=firm.price_set)
        assert refused.value.code == "margin.not-this-sale"
        (message,) = Outbox.objects.all()
        assert message.key == f"margin.sell:{open_call(account).id}:1:0"
        assert message.payload["quantity"] == "1.410195990000000000"

    def test_reserves_what_it_sells_until_it_is_taken_back(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        before = queries.books([account])
        sale = ordered(firm, account)
        assert standing(account) == (Decimal("0.58980401"), Decimal("1.41019599"))
        assert queries.books([account]) == before
        with pytest.raises(Refused) as refused:
            margin.sell(
                context(), account=account, asset="BTC", quantity=Decimal("0.6"), price_set=firm.price_set
            )
        assert refused.value.code == "margin.beyond-holding"
        with pytest.raises(NotThisSale):
            release(firm, account, sale)
        margin.close_sale(context(), account=account, sale=sale.id)
        with pytest.raises(NothingToDo):
            plan(firm, account)
        release(firm, account, sale)
        assert standing(account) == (2, 0)
        with pytest.raises(NothingToDo):
            release(firm, account, sale)
        with pytest.raises(Refused) as refused:
            fill(firm, account, sale, 0, "V-9", "0.1", "60000")
        assert refused.value.code == "margin.fill-beyond-order"

    def test_is_outdated_when_the_client_sold_of_it_meanwhile(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = plan(firm, account)
        approve(firm, account, sale)
        margin.sell(
            context(), account=account, asset="BTC", quantity=Decimal("0.6"), price_set=firm.price_set
        )
        with pytest.raises(Refused) as refused:
            margin.order_sale(context(), account=account, sale=sale, price_set=firm.price_set)
        assert refused.value.code == "margin.plan-outdated"

    def test_is_taken_back_when_the_client_pays_after_it_went_out(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        ordered(firm, account)
        margin.deposit(context(), account=account, asset="HKD", amount=Decimal(1000))
        assert open_call(account).stage == Stage.ORDERED
        margin.deposit(context(), account=account, asset="HKD", amount=Decimal(2_000_000))
        assert last(account, SaleClosed).outcome is Outcome.TARGET_MET
        assert Outbox.objects.filter(kind="margin.cancel-order").count() == 1
        assert MarginAccount.objects.get(pk=account).open_call is None


class TestFill:
    def test_of_two_venues_may_bear_one_name(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book(), CRASHED)
        sale = ordered(firm, account)
        first, second = sale.legs.order_by("number")[:2]
        for leg in (first, second):
            fill(firm, account, sale, leg.number, "T1", str(leg.quantity / 2), str(leg.price))
        assert SaleFill.objects.filter(venue_trade="T1").count() == 2

    def test_reported_again_with_other_figures_is_refused(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        fill(firm, account, sale, 0, "V-1", "0.2", "60000")
        for quantity, price in (("0.3", "60000"), ("0.2", "60001")):
            with pytest.raises(Refused) as refused:
                fill(firm, account, sale, 0, "V-1", quantity, price)
            assert refused.value.code == "margin.fill-contradicts"

    def test_of_the_virtual_part_alone_never_raise_more_than_it(self, firm: Firm) -> None:
        firm.adopt(deadlines=Deadlines(va_hours=1))
        account, calm = firm.base_book(), firm.price_set
        firm.wait(hours=3)
        firm.prices(FALLEN)
        firm.assess(account, calm_set=calm)
        firm.wait(hours=2)
        firm.prices({})
        margin.expire_calls(context(), accounts=[account], price_set=firm.price_set)
        assert open_call(account).expired == Scope.VA
        sale = ordered(firm, account)
        most = last(account, SalePlanned).at_most
        leg = sale.legs.get()
        fill(firm, account, sale, 0, "V-1", "0.5", str(leg.price))
        margin.close_sale(context(), account=account, sale=sale.id)
        release(firm, account, sale)
        plan(firm, account)
        sold = sale.legs.get().filled_proceeds
        assert last(account, SalePlanned).at_most == most - sold > 0

    def test_stops_at_the_target_and_takes_back_the_rest(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        fill(firm, account, sale, 0, "V-1", "1.2", "75000")
        assert last(account, SaleClosed).outcome is Outcome.TARGET_MET
        assert Outbox.objects.filter(kind="margin.cancel-order").count() == 1
        assert MarginAccount.objects.get(pk=account).open_call is None

    def test_of_more_than_was_ordered_is_refused(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        for leg, quantity in ((0, "1.4102"), (1, "1")):
            with pytest.raises(Refused) as refused:
                fill(firm, account, sale, leg, "V-1", quantity, "60000")
            assert refused.value.code == "margin.fill-beyond-order"

    def test_at_a_worse_price_ends_the_plan_and_asks_for_another(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        fill(firm, account, sale, 0, "V-1", "1.41019599", "50000")
        assert last(account, SaleClosed).outcome is Outcome.PLAN_DONE
        assert open_call(account).stage == Stage.EXPIRED
        plan(firm, account)
        assert last(account, SalePlanned).version == 2

    def test_the_venue_made_before_the_cancellation_arrived_is_booked_and_repays(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        fill(firm, account, sale, 0, "V-1", "1.2", "75000")
        before = owed(account)
        fill(firm, account, sale, 0, "V-2", "0.2", "75000")
        assert owed(account) < before
        assert standing(account) == (Decimal("0.58980401"), Decimal("0.01019599"))
        assert kinds(account).count("sale-closed") == 1
        assert Call.objects.get(account=account).stage == Stage.CLOSED
        with pytest.raises(Refused) as refused:
            fill(firm, account, sale, 0, "V-3", "0.1", "75000")
        assert refused.value.code == "margin.fill-beyond-order"

    def test_of_a_stopped_sale_leaves_the_next_plan_where_it_is(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        margin.close_sale(context(), account=account, sale=sale.id)
        fill(firm, account, sale, 0, "V-1", "0.1", "60000")
        assert open_call(account).stage == Stage.EXPIRED
        release(firm, account, sale)
        again = ordered(firm, account)
        fill(firm, account, again, 0, "V-2", "0.1", "60000")
        assert open_call(account).stage == Stage.PART_EXECUTED

    def test_of_a_plan_that_was_never_ordered_is_refused(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        first = plan(firm, account)
        firm.prices({"BTC": "55000"})
        plan(firm, account)
        with pytest.raises(Refused) as refused:
            fill(firm, account, Sale.objects.get(pk=first), 0, "V-1", "0.1", "55000")
        assert refused.value.code == "margin.not-this-sale"

    def test_booked_before_is_nothing_to_do_even_after_the_end(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        fill(firm, account, sale, 0, "V-1", "1.2", "75000")
        with pytest.raises(NothingToDo):
            fill(firm, account, sale, 0, "V-1", "1.2", "75000")

    def test_an_ordered_sale_can_be_stopped_and_planned_again(self, firm: Firm) -> None:
        account = expired(firm, firm.base_book())
        sale = ordered(firm, account)
        margin.close_sale(context(), account=account, sale=sale.id)
        assert last(account, SaleClosed).outcome is Outcome.STOPPED
        release(firm, account, sale)
        plan(firm, account)


class TestDeficit:
    def sold_out(self, firm: Firm) -> UUID:
        account = expired(firm, firm.base_book(), CRASHED)
        sale = ordered(firm, account)
        for number, leg in enumerate(sale.legs.order_by("number")):
            fill(firm, account, sale, leg.number, f"V-{number}", str(leg.quantity), str(leg.price))
        return account

    def test_is_recorded_when_everything_is_sold(self, firm: Firm) -> None:
        account = self.sold_out(firm)
        assert last(account, SaleClosed).outcome is Outcome.SOLD_OUT
        assert last(account, SalePlanned).deficit == last(account, DeficitRecorded).amount
        assert owed(account, Role.DEFICIT) == last(account, DeficitRecorded).amount > 0
        assert owed(account) == 0
        assert not any(
            amount
            for (role, _), amount in ledger.balances(account).items()
            if role in (Role.COLLATERAL, Role.RESERVED)
        )
        assert open_call(account).stage == Stage.DEFICIT

    def test_is_settled_by_the_clients_money(self, firm: Firm) -> None:
        account = self.sold_out(firm)
        deficit = owed(account, Role.DEFICIT)
        margin.deposit(context(), account=account, asset="HKD", amount=Decimal(1000))
        assert owed(account, Role.DEFICIT) == deficit - 1000
        assert open_call(account).stage == Stage.DEFICIT
        margin.deposit(context(), account=account, asset="HKD", amount=deficit)
        assert Call.objects.get(account=account).stage == Stage.SETTLED
        assert ledger.balances(account)[Role.CASH, "HKD"] == 1000
        assert MarginAccount.objects.get(pk=account).open_call is None

    def test_is_written_off_by_two_people(self, firm: Firm) -> None:
        account = self.sold_out(firm)
        deficit = owed(account, Role.DEFICIT)
        with pytest.raises(Refused) as refused:
            margin.write_off_deficit(context(), account=account, amount=deficit, reason="case 9")
        assert refused.value.code == "ledger.second-person-needed"
        by_two = context(maker=MAKER, checker=CHECKER)
        margin.write_off_deficit(by_two, account=account, amount=deficit, reason="case 9")
        assert ledger.balance(Account(FIRM, Role.WRITE_OFF, "HKD")) == -deficit
        assert Call.objects.get(account=account).stage == Stage.WRITTEN_OFF

    def test_is_written_off_by_one_only_below_the_threshold_of_all_its_parts(self, firm: Firm) -> None:
        account = self.sold_out(firm)
        part = WRITE_OFFS[0].value - 1
        margin.write_off_deficit(context(), account=account, amount=part, reason="case 9")
        with pytest.raises(Refused) as refused:
            margin.write_off_deficit(context(), account=account, amount=Decimal(1), reason="case 9")
        assert refused.value.code == "ledger.second-person-needed"
        margin.write_off_deficit(
            context(maker=MAKER, checker=CHECKER), account=account, amount=Decimal(1), reason="case 9"
        )
        assert ledger.balance(Account(FIRM, Role.WRITE_OFF, "HKD")) == -WRITE_OFFS[0].value

    @pytest.mark.rule("SMF-5")
    def test_stops_credit_until_it_is_paid(self, firm: Firm) -> None:
        account = self.sold_out(firm)
        with pytest.raises(Refused) as refused:
            firm.buy(account, "0700", "100")
        assert refused.value.code == "margin.credit-stopped"
