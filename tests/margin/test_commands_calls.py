"""What assessments and deadlines do to an account, and what people may do to its call."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.ledger import queries as ledger
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.models import Refusal
from brokerage.ledger.refusal import Refused
from margin import commands as margin
from margin.events import CallExpired, CallExtended, CallIssued, CallMetByMarket, Cause, PriceHoldPlaced
from margin.models import Call, MarginAccount, PriceHold
from margin.rules.calls import Health
from margin.rules.lifecycle import Scope, Stage
from margin.rules.policy import AssetKind
from tests.factories import context
from tests.margin.firm import BASE, FALLEN, Firm, kinds, last, open_call

MAKER, CHECKER = UUID(int=1), UUID(int=2)


@pytest.fixture
def called(firm: Firm) -> UUID:
    """The base book after the fall of the worked example, called."""
    account = firm.base_book()
    calm = firm.price_set
    firm.wait(hours=3)
    firm.prices(FALLEN)
    firm.assess(account, calm_set=calm)
    return account


class TestAssess:
    def test_raises_a_warning_once_and_clears_it(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.assess(account)
        with pytest.raises(NothingToDo):
            firm.assess(account)
        firm.prices({"0700": "600"})
        firm.assess(account)
        assert kinds(account)[-2:] == ["warning-raised", "warning-cleared"]

    def test_without_change_writes_neither_entry_nor_refusal(self, firm: Firm) -> None:
        account = firm.account({"0700": "1000"})
        before = len(ledger.events(account))
        with pytest.raises(NothingToDo):
            firm.assess(account)
        assert len(ledger.events(account)) == before
        assert not Refusal.objects.filter(command="margin.assess").exists()

    def test_calls_many_accounts_in_one_entry(self, firm: Firm) -> None:
        accounts = [firm.base_book() for _ in range(3)]
        firm.wait(hours=3)
        firm.prices(FALLEN)
        changed = margin.assess(context(), accounts=accounts, price_set=firm.price_set).value
        assert set(changed) == set(accounts)
        assert (
            len({e.entry for a in accounts for e in ledger.events(a) if e.kind == "margin.call-issued"}) == 1
        )

    def test_refuses_more_than_100_accounts(self, firm: Firm) -> None:
        with pytest.raises(Refused) as refused:
            margin.assess(context(), accounts=[UUID(int=n) for n in range(101)], price_set=firm.price_set)
        assert refused.value.code == "margin.too-many-accounts"

    def test_calls_when_the_limit_falls_below_the_loan(self, firm: Firm) -> None:
        account = firm.base_book()
        margin.set_limit(context(), account=account, limit=Decimal(1_400_000), reason="assessment 2")
        firm.assess(account)
        issued = last(account, CallIssued)
        assert issued.standing.shortfall == 100_000
        assert issued.standing.call_amount == Decimal(100_000)

    def test_opens_one_call_only(self, firm: Firm, called: UUID) -> None:
        firm.prices({"BTC": "59000"})
        with pytest.raises(NothingToDo):
            firm.assess(called)
        assert Call.objects.filter(account=called).count() == 1

    def test_never_judges_at_prices_that_newer_ones_have_replaced(self, firm: Firm) -> None:
        account = firm.base_book()
        fallen = firm.prices(FALLEN)
        firm.prices(BASE)
        with pytest.raises(NothingToDo):
            margin.assess(context(), accounts=[account], price_set=fallen)

    def test_beyond_the_hard_trigger_expires_the_call_at_once(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.wait(hours=3)
        firm.prices(FALLEN | {"BTC": "40000", "0700": "350"})
        firm.assess(account)
        expired = last(account, CallExpired)
        assert (expired.cause, expired.scope) == (Cause.HARD_TRIGGER, Scope.ALL)
        assert last(account, CallIssued).standing.health is Health.HARD

    def test_voids_the_deadline_of_an_open_call_beyond_the_hard_trigger(
        self, firm: Firm, called: UUID
    ) -> None:
        firm.prices({"BTC": "40000", "0700": "350"})
        firm.assess(called)
        assert last(called, CallExpired).cause is Cause.HARD_TRIGGER
        with pytest.raises(NothingToDo):
            firm.assess(called)


class TestRelief:
    def test_by_the_market_counts_after_the_dwell_time(self, firm: Firm, called: UUID) -> None:
        higher = BASE | {"0700": "560"}
        firm.prices(higher)
        firm.assess(called)
        relieved_at = firm.time
        firm.wait(minutes=59)
        firm.prices({})
        with pytest.raises(NothingToDo):
            firm.assess(called)
        firm.wait(minutes=2)
        firm.prices({})
        firm.assess(called)
        assert kinds(called)[-2:] == ["call-relieved", "call-met-by-market"]
        assert last(called, CallMetByMarket).relieved_at == relieved_at
        assert MarginAccount.objects.get(pk=called).open_call is None

    def test_is_lost_when_prices_fall_again(self, firm: Firm, called: UUID) -> None:
        firm.prices(BASE | {"0700": "560"})
        firm.assess(called)
        firm.prices(FALLEN)
        firm.assess(called)
        assert kinds(called)[-1] == "call-relief-lost"
        assert open_call(called).met_since is None

    def test_comes_at_once_with_money(self, firm: Firm, called: UUID) -> None:
        margin.deposit(context(), account=called, asset="HKD", amount=Decimal(420_072))
        assert kinds(called)[-1] == "call-met"
        assert MarginAccount.objects.get(pk=called).open_call is None

    def test_of_one_cent_less_than_asked_is_partial(self, firm: Firm, called: UUID) -> None:
        margin.deposit(context(), account=called, asset="HKD", amount=Decimal("420071.99"))
        assert kinds(called)[-1] == "call-part-met"
        call = open_call(called)
        assert (call.stage, call.va_left, call.securities_left) == (Stage.PARTIALLY_MET, 0, Decimal("0.01"))

    def test_by_a_deposit_of_assets_counts_their_lending_value(self, firm: Firm, called: UUID) -> None:
        margin.deposit(context(), account=called, asset="2800", amount=Decimal(10_000))
        assert open_call(called).va_left == 263_952 - 180_000

    def test_counts_at_the_newest_prices_whatever_the_payer_saw(self, firm: Firm, called: UUID) -> None:
        firm.prices({"BTC": "30000"})
        margin.deposit(context(), account=called, asset="HKD", amount=Decimal(420_072))
        assert kinds(called)[-1] == "call-part-met"

    def test_at_a_doubtful_price_is_partial_unless_its_worse_end_meets(
        self, firm: Firm, called: UUID
    ) -> None:
        firm.split_prices({"BTC": "30000"})
        margin.deposit(context(), account=called, asset="HKD", amount=Decimal(420_072))
        assert kinds(called)[-1] == "call-part-met"
        margin.deposit(context(), account=called, asset="HKD", amount=Decimal(1_000_000))
        assert kinds(called)[-1] == "call-met"

    def test_by_the_clients_own_sale_counts_net_of_cost(self, firm: Firm, called: UUID) -> None:
        margin.sell(
            context(), account=called, asset="BTC", quantity=Decimal("1.4102"), price_set=firm.price_set
        )
        assert kinds(called)[-1] == "call-met"


class TestExpiry:
    def test_spares_a_part_that_was_cured(self, firm: Firm, called: UUID) -> None:
        margin.deposit(context(), account=called, asset="HKD", amount=Decimal(300_000))
        firm.wait(hours=12)
        firm.prices({})
        with pytest.raises(NothingToDo):
            margin.expire_calls(context(), accounts=[called], price_set=firm.price_set)

    def test_fires_once_after_downtime_for_everything(self, firm: Firm, called: UUID) -> None:
        firm.wait(days=5)
        firm.prices({})
        margin.expire_calls(context(), accounts=[called], price_set=firm.price_set)
        with pytest.raises(NothingToDo):
            margin.expire_calls(context(), accounts=[called], price_set=firm.price_set)
        assert kinds(called).count("call-expired") == 1
        assert last(called, CallExpired).scope is Scope.ALL

    def test_is_never_judged_at_prices_that_newer_ones_have_replaced(self, firm: Firm, called: UUID) -> None:
        firm.wait(days=2)
        fallen = firm.prices({})
        firm.prices(BASE | {"0700": "600"})
        with pytest.raises(NothingToDo):
            margin.expire_calls(context(), accounts=[called], price_set=fallen)

    def test_spares_a_call_that_prices_meet_at_that_moment(self, firm: Firm, called: UUID) -> None:
        firm.wait(days=1)
        firm.prices(BASE | {"0700": "560"})
        with pytest.raises(NothingToDo):
            margin.expire_calls(context(), accounts=[called], price_set=firm.price_set)


class TestDecisions:
    def test_an_extension_takes_two_people(self, firm: Firm, called: UUID) -> None:
        until = open_call(called).va_due_at + timedelta(hours=6)
        with pytest.raises(Refused) as refused:
            margin.extend_call(
                context(), account=called, part=AssetKind.VA, until=until, reason="bank closed"
            )
        assert refused.value.code == "ledger.second-person-needed"
        by_two = context(maker=MAKER, checker=CHECKER)
        margin.extend_call(by_two, account=called, part=AssetKind.VA, until=until, reason="bank closed")
        assert open_call(called).va_due_at == last(called, CallExtended).due_at == until

    def test_an_extension_beyond_the_longest_is_refused(self, firm: Firm, called: UUID) -> None:
        until = open_call(called).va_due_at + timedelta(hours=25)
        with pytest.raises(Refused) as refused:
            margin.extend_call(
                context(maker=MAKER, checker=CHECKER),
                account=called,
                part=AssetKind.VA,
                until=until,
                reason="bank closed",
            )
        assert refused.value.code == "margin.extension-not-allowed"

    def test_a_dispute_stops_no_deadline(self, firm: Firm, called: UUID) -> None:
        margin.dispute_call(context(), account=called, reason="case 7")
        assert open_call(called).disputed
        firm.wait(hours=12)
        firm.prices({})
        margin.expire_calls(context(), accounts=[called], price_set=firm.price_set)

    def test_a_cancellation_takes_two_people_and_ends_the_call(self, firm: Firm, called: UUID) -> None:
        with pytest.raises(Refused):
            margin.cancel_call(context(), account=called, reason="wrong price")
        margin.cancel_call(context(maker=MAKER, checker=CHECKER), account=called, reason="wrong price")
        assert MarginAccount.objects.get(pk=called).open_call is None

    def test_without_a_call_there_is_nothing_to_decide(self, firm: Firm) -> None:
        account = firm.account({})
        with pytest.raises(Refused) as refused:
            margin.dispute_call(context(), account=account, reason="case 7")
        assert refused.value.code == "margin.unknown-call"


class TestPriceHold:
    def test_is_placed_where_one_bad_source_would_decide(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.wait(hours=3)
        firm.prices({"0700": "500"}, sources=("one", "two"))
        firm.split_prices({"BTC": "55000"})
        firm.assess(account)
        assert "call-issued" not in kinds(account)
        assert last(account, PriceHoldPlaced).assets == ("BTC",)
        firm.prices({"BTC": "100000"})
        firm.assess(account)
        assert kinds(account)[-3:] == ["price-hold-placed", "warning-raised", "price-hold-lifted"]
        assert PriceHold.objects.get(account=account).lifted_at == firm.time
