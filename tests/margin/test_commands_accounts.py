"""Opening, limits, and what comes in and goes out of a margin account."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from brokerage.access.rules import Perm
from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import FIRM, Account, Role
from brokerage.ledger.entry import Context, SecondPersonNeeded
from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.ledger.models import Refusal
from brokerage.ledger.refusal import Refused
from custody.rules import AccountKind
from margin import commands as margin
from margin.events import Purpose, Repaid, Source
from margin.models import InterestMonth, MarginAccount
from margin.rules.policy import AssetKind
from margin.rules.second_person import LIMITS
from tests.factories import (
    MAKER,
    AccountFactory,
    DepositoryFactory,
    InstrumentFactory,
    TermsFactory,
    by_two,
    context,
)
from tests.margin.firm import Firm, kinds, last, owed, policy, terms


class TestOpening:
    @pytest.mark.rule("VAF-2")
    def test_is_refused_for_a_cash_account(self, firm: Firm) -> None:
        with pytest.raises(Refused) as refused:
            margin.open_margin_account(context(), account=AccountFactory(kind=AccountKind.CASH))
        assert refused.value.code == "margin.not-a-margin-account"

    def test_happens_once(self, firm: Firm) -> None:
        account = firm.account({})
        with pytest.raises(Refused) as refused:
            margin.open_margin_account(context(), account=account)
        assert refused.value.code == "margin.already-open"

    def test_gives_no_credit_before_a_limit_is_set(self, firm: Firm) -> None:
        account = firm.account({"0700": "1000"}, limit="0")
        with pytest.raises(Refused) as refused:
            firm.buy(account, "0700", "100")
        assert refused.value.code == "margin.purchase-beyond-limit"


@pytest.mark.rule("VAF-7", "SMF-4")
class TestLimit:
    @pytest.mark.parametrize(
        ("limit", "reason", "code"),
        [
            ("-1", "assessed", "margin.negative-limit"),
            ("NaN", "assessed", "ledger.bad-amount"),
            ("1000", " ", "margin.reason-missing"),
        ],
    )
    def test_is_refused_with_a_code(self, firm: Firm, limit: str, reason: str, code: str) -> None:
        account = firm.account({})
        with pytest.raises(Refused) as refused:
            margin.set_limit(context(), account=account, limit=Decimal(limit), reason=reason)
        assert refused.value.code == code
        assert MarginAccount.objects.get(pk=account).credit_limit == 5_000_000

    def test_is_raised_to_the_threshold_by_two_people_only(self, firm: Firm) -> None:
        account = firm.account({}, limit="0")
        threshold = LIMITS[0].value

        def to(limit: Decimal, asked: Context) -> None:
            margin.set_limit(asked, account=account, limit=limit, reason="assessment 2")

        to(threshold - 1, context(maker=MAKER))
        for asked in (context(), context(maker=MAKER), context(maker=MAKER, checker=MAKER)):
            with pytest.raises(SecondPersonNeeded) as refused:
                to(threshold, asked)
            assert refused.value.permission == Perm.APPROVE_LIMITS
        to(threshold, by_two())
        to(threshold - 1, context(maker=MAKER))
        assert MarginAccount.objects.get(pk=account).credit_limit == threshold - 1


class TestDeposit:
    def test_of_an_asset_becomes_collateral(self, firm: Firm) -> None:
        account = firm.account({"BTC": "2"})
        assert ledger.balances(account)[Role.COLLATERAL, "BTC"] == 2

    def test_of_money_repays_at_once_and_leaves_the_rest_as_cash(self, firm: Firm) -> None:
        account = firm.base_book()
        margin.deposit(context(), account=account, asset="HKD", amount=Decimal(1_600_000))
        assert last(account, Repaid).source is Source.DEPOSIT
        assert owed(account) == 0
        assert ledger.balances(account)[Role.CASH, "HKD"] == 100_000
        house = ledger.balance(Account(firm.bank, Role.BANK_HOUSE, "HKD"))
        assert house == -100_000_000

    @pytest.mark.rule("VAF-4")
    @pytest.mark.parametrize(
        ("asset", "amount", "code"),
        [
            ("SOL", "10", "margin.not-eligible"),
            ("USD", "10", "margin.wrong-currency"),
            ("9999", "10", "market.unknown-instrument"),
            ("HKD", "0", "ledger.bad-amount"),
            ("HKD", "1.001", "custody.too-fine"),
            ("BTC", "-1", "ledger.bad-amount"),
        ],
    )
    def test_is_refused_with_a_code_and_writes_nothing(
        self, firm: Firm, asset: str, amount: str, code: str
    ) -> None:
        account = firm.account({})
        before = ledger.events(account)
        with pytest.raises(Refused) as refused:
            margin.deposit(context(), account=account, asset=asset, amount=Decimal(amount))
        assert refused.value.code == code
        assert ledger.events(account) == before
        assert Refusal.objects.get(code=code).command == "margin.deposit"

    def test_of_an_asset_that_was_never_priced_is_refused(self, firm: Firm) -> None:
        InstrumentFactory(terms=TermsFactory(code="0005", name="HSBC", lot=Decimal(400)))
        DepositoryFactory(name="Second Depository", assets=("0005",))
        firm.adopt(assets=policy().assets | {"0005": terms(AssetKind.SECURITIES, "0.30", "0.30")})
        with pytest.raises(Refused) as refused:
            margin.deposit(context(), account=firm.account({}), asset="0005", amount=Decimal(400))
        assert refused.value.code == "margin.price-missing"


class TestWithdrawal:
    def test_of_money_pays_the_interest_that_accrued_first(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.time = datetime(2026, 3, 3, 0, 1, tzinfo=HONG_KONG)
        firm.prices({})
        margin.deposit(context(), account=account, asset="HKD", amount=Decimal(2_000_000))
        firm.wait(minutes=10)
        margin.accrue_interest(context(), accounts=[account], day=date(2026, 3, 2))
        asked = {"account": account, "asset": "HKD", "price_set": firm.price_set}
        with pytest.raises(Refused) as refused:
            margin.withdraw(context(), **asked, amount=Decimal(500_000))
        assert refused.value.code == "margin.cash-out-on-credit"
        margin.withdraw(context(), **asked, amount=Decimal("499674.66"))
        assert (owed(account, Role.INTEREST_ACCRUED), owed(account, Role.CASH), owed(account)) == (0, 0, 0)

    def test_of_money_in_credit_is_paid(self, firm: Firm) -> None:
        account = firm.account({"HKD": "1000"})
        margin.withdraw(context(), account=account, asset="HKD", amount=Decimal(400))
        assert ledger.balances(account)[Role.CASH, "HKD"] == 600

    @pytest.mark.rule("VAF-15")
    def test_on_credit_is_refused(self, firm: Firm) -> None:
        account = firm.account({"0700": "10000", "HKD": "1000"})
        with pytest.raises(Refused) as refused:
            margin.withdraw(context(), account=account, asset="HKD", amount=Decimal(1001))
        assert refused.value.code == "margin.cash-out-on-credit"

    @pytest.mark.rule("VAF-15")
    def test_on_credit_is_paid_and_named_where_a_dated_policy_allows_it(self, firm: Firm) -> None:
        account = firm.account({"0700": "10000", "HKD": "1000"})
        firm.adopt(purchase_only_credit=False)
        margin.withdraw(context(), account=account, asset="HKD", amount=Decimal(1001))
        assert owed(account) == 1
        drawn = [e.event for e in ledger.events(account) if e.kind == "margin.drawn"]
        assert [each.purpose for each in drawn] == [Purpose.PERMITTED_WITHDRAWAL]

    def test_of_collateral_the_loan_needs_is_refused(self, firm: Firm) -> None:
        account = firm.base_book()
        with pytest.raises(Refused) as refused:
            margin.withdraw(context(), account=account, asset="0700", amount=Decimal(400))
        assert refused.value.code == "margin.withdrawal-beyond-excess"
        margin.withdraw(context(), account=account, asset="0700", amount=Decimal(380))
        assert ledger.balances(account)[Role.COLLATERAL, "0700"] == 1620

    def test_of_more_than_is_held_is_refused(self, firm: Firm) -> None:
        account = firm.account({"BTC": "1"})
        with pytest.raises(Refused) as refused:
            margin.withdraw(context(), account=account, asset="BTC", amount=Decimal(2))
        assert refused.value.code == "margin.beyond-holding"

    def test_counts_nothing_on_a_stale_price(self, firm: Firm) -> None:
        account = firm.base_book()
        firm.wait(minutes=6)
        with pytest.raises(Refused) as refused:
            margin.withdraw(context(), account=account, asset="0700", amount=Decimal(1))
        assert refused.value.code == "margin.withdrawal-beyond-excess"


class TestRepaymentInFull:
    def test_charges_the_interest_that_is_left_so_that_nothing_is_owed(self, firm: Firm) -> None:
        account = firm.base_book()
        first_day = firm.time.date()
        firm.wait(days=1)
        margin.accrue_interest(context(), accounts=[account], day=first_day)
        margin.deposit(context(), account=account, asset="HKD", amount=Decimal(1_500_400))
        assert owed(account) == 0
        assert owed(account, Role.INTEREST_ACCRUED) == 0
        assert ledger.balances(account)[Role.CASH, "HKD"] == Decimal("74.66")
        month = InterestMonth.objects.get(account=account)
        assert (month.accrued, month.settled, month.charged) == (
            Decimal("325.34246575"),
            Decimal("325.34246575"),
            Decimal("325.34"),
        )
        assert ledger.balance(Account(FIRM, Role.ROUNDING, "HKD")) == Decimal("-0.00246575")
        assert kinds(account)[-3:] == ["repaid", "interest-charged", "repaid"]

    def test_out_of_cash_is_refused_beyond_what_is_held(self, firm: Firm) -> None:
        account = firm.base_book()
        with pytest.raises(Refused) as refused:
            margin.repay(context(), account=account, amount=Decimal(1))
        assert refused.value.code == "margin.nothing-to-repay"
