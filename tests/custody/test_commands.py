"""Custody's commands against the real book."""

import threading
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connection

from brokerage.clients import queries as clients
from brokerage.clients.commands import change_status
from brokerage.clients.rules.status import ClientStatus, NotActive
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.amounts import BadAmount
from brokerage.ledger.chart import FIRM, Account, Role
from brokerage.ledger.commands import KeyReused
from brokerage.ledger.refusal import Refused
from brokerage.ledger.store import InsufficientBalance
from brokerage.market.queries import UnknownInstrument
from custody import commands, queries
from custody.models import Block, Custodian, CustodyAccount
from custody.rules import (
    AccountKind,
    AccountStatus,
    AlreadyKept,
    BadTrade,
    BlockedMove,
    BlockScope,
    ClosedAccount,
    CustodianExists,
    NotEmpty,
    NotKept,
    Side,
    TooFine,
    UnknownAccount,
    UnknownBlock,
    UseMargin,
    WrongCustodian,
)
from tests.factories import AccountFactory, BankFactory, ClientFactory, DepositFactory, House, by_two, context

HKD, BTC, ETH = (Role.CASH, "HKD"), (Role.HOLDING, "BTC"), (Role.HOLDING, "ETH")
SHARES = (Role.HOLDING, "0700")


def sums_by_asset() -> dict[str, Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.asset, sum(p.amount) FROM ledger_posting p JOIN ledger_account a ON a.id = p.account"
            " GROUP BY a.asset"
        )
        return dict(cursor.fetchall())


def entries() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_entry")
        return cursor.fetchone()[0]


class TestACustodian:
    @pytest.mark.rule("CUS-4")
    def test_is_registered_with_its_licence_and_assets(self, house: House) -> None:
        bank = Custodian.objects.get(pk=house.bank)
        assert (bank.kind, bank.assets, bank.licence_number) == ("bank", ["HKD", "USD"], "B001")

    def test_of_one_name_is_registered_once(self, house: House) -> None:
        with pytest.raises(CustodianExists):
            BankFactory()

    @pytest.mark.rule("CUS-4")
    def test_keeps_only_what_its_kind_may_keep(self, house: House) -> None:
        with pytest.raises(WrongCustodian):
            BankFactory(name="Other Bank", assets=["HKD", "BTC"])
        with pytest.raises(WrongCustodian):
            commands.add_assets(context(), custodian=house.depository, assets=["BTC"])

    def test_can_keep_more_later_but_nothing_twice(self, house: House) -> None:
        commands.add_assets(context(), custodian=house.bank, assets=["CNY"])
        assert Custodian.objects.get(pk=house.bank).assets == ["HKD", "USD", "CNY"]
        with pytest.raises(AlreadyKept):
            commands.add_assets(context(), custodian=house.bank, assets=["CNY"])

    def test_takes_the_firms_capital_into_the_house_account(self, house: House) -> None:
        commands.fund_house(context(), bank=house.bank, currency="HKD", amount=Decimal(5_000_000))
        assert ledger.balance(Account(house.bank, Role.BANK_HOUSE, "HKD")) == -5_000_000
        assert ledger.balance(Account(FIRM, Role.EQUITY, "HKD")) == 5_000_000

    def test_that_is_no_bank_takes_no_capital(self, house: House) -> None:
        with pytest.raises(NotKept):
            commands.fund_house(context(), bank=house.platform, currency="HKD", amount=Decimal(1))


class TestAnAccount:
    def test_belongs_to_its_client_and_starts_open_and_empty(self, house: House) -> None:
        account = CustodyAccount.objects.get(pk=AccountFactory())
        assert (account.kind, account.base_currency, account.status) == ("cash", "HKD", "open")
        assert account.client.status == "active"
        assert ledger.balances(account.id) == {HKD: 0}

    def test_is_not_opened_for_a_suspended_client(self, house: House) -> None:
        client = CustodyAccount.objects.get(pk=AccountFactory()).client_id
        change_status(context(), client=client, status=ClientStatus.SUSPENDED, reason="CASE-7")
        with pytest.raises(NotActive):
            AccountFactory(client=client)

    def test_is_closed_only_when_empty_and_then_for_good(self, house: House) -> None:
        account = AccountFactory()
        DepositFactory(account=account)
        with pytest.raises(NotEmpty):
            commands.close_account(context(), account=account)
        commands.withdraw(context(), account=account, asset="HKD", amount=Decimal(1_000_000))
        commands.close_account(context(), account=account)
        assert queries.account(account).status == AccountStatus.CLOSED
        with pytest.raises(ClosedAccount):
            DepositFactory(account=account)
        with pytest.raises(ClosedAccount):
            commands.close_account(context(), account=account)


class TestADeposit:
    @pytest.mark.parametrize(
        ("asset", "amount", "at"),
        [
            ("HKD", "0.01", HKD),
            ("0700", "300", SHARES),
            ("BTC", "0.00000001", BTC),
            ("ETH", "0.000000000000000001", ETH),
        ],
    )
    def test_credits_the_client_and_the_place_where_it_lies(
        self, house: House, asset: str, amount: str, at: tuple[Role, str]
    ) -> None:
        account = AccountFactory()
        DepositFactory(account=account, asset=asset, amount=Decimal(amount))
        assert ledger.balances(account)[at] == Decimal(amount)
        role = Role.BANK_CLIENT if asset == "HKD" else Role.NOSTRO
        assert ledger.balance(Account(queries.keeper(asset), role, asset)) == -Decimal(amount)

    @pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1e20"])
    def test_of_no_sensible_amount_is_refused(self, house: House, amount: str) -> None:
        with pytest.raises(BadAmount):
            DepositFactory(account=AccountFactory(), amount=Decimal(amount))

    @pytest.mark.parametrize(("asset", "amount"), [("HKD", "0.001"), ("0700", "0.5"), ("BTC", "0.000000001")])
    def test_finer_than_the_least_unit_is_refused(self, house: House, asset: str, amount: str) -> None:
        with pytest.raises(TooFine):
            DepositFactory(account=AccountFactory(), asset=asset, amount=Decimal(amount))

    def test_of_something_unlisted_or_kept_nowhere_is_refused(self, house: House) -> None:
        account = AccountFactory()
        with pytest.raises(UnknownInstrument):
            DepositFactory(account=account, asset="SOL")
        with pytest.raises(NotKept):
            DepositFactory(account=account, asset="JPY")
        with pytest.raises(NotKept):
            DepositFactory(account=account, asset="HKD", custodian=house.platform)

    def test_to_an_unknown_account_is_refused(self, house: House) -> None:
        with pytest.raises(UnknownAccount):
            DepositFactory(account=uuid4())

    def test_to_a_margin_account_goes_through_margin(self, house: House) -> None:
        with pytest.raises(UseMargin):
            DepositFactory(account=AccountFactory(kind=AccountKind.MARGIN))

    def test_is_taken_for_a_frozen_client_but_not_for_a_closed_one(self, house: House) -> None:
        account = AccountFactory()
        client = queries.account(account).client_id
        change_status(by_two(), client=client, status=ClientStatus.FROZEN, reason="COURT-ORDER-12")
        DepositFactory(account=account)
        change_status(by_two(), client=client, status=ClientStatus.ACTIVE, reason="ORDER-LIFTED")
        commands.withdraw(context(), account=account, asset="HKD", amount=Decimal(1_000_000))
        commands.close_account(context(), account=account)
        commands.close_client(by_two(), client=client, reason="LEFT")
        with pytest.raises(ClosedAccount):
            DepositFactory(account=account)


class TestAWithdrawal:
    def test_pays_out_what_is_there_and_no_more(self, house: House) -> None:
        account = AccountFactory()
        DepositFactory(account=account, asset="BTC", amount=Decimal("1.5"))
        commands.withdraw(context(), account=account, asset="BTC", amount=Decimal("1.5"))
        with pytest.raises(InsufficientBalance):
            commands.withdraw(context(), account=account, asset="BTC", amount=Decimal("0.00000001"))
        assert ledger.balances(account)[BTC] == 0
        assert ledger.balance(Account(house.platform, Role.NOSTRO, "BTC")) == 0

    @pytest.mark.parametrize("status", [ClientStatus.SUSPENDED, ClientStatus.FROZEN, ClientStatus.DORMANT])
    def test_needs_an_active_client(self, house: House, status: ClientStatus) -> None:
        account = AccountFactory()
        DepositFactory(account=account)
        client = queries.account(account).client_id
        change_status(by_two(), client=client, status=status, reason="CASE-9")
        with pytest.raises(NotActive):
            commands.withdraw(context(), account=account, asset="HKD", amount=Decimal(1))

    def test_from_a_margin_account_goes_through_margin(self, house: House) -> None:
        account = AccountFactory(kind=AccountKind.MARGIN)
        with pytest.raises(UseMargin):
            commands.withdraw(context(), account=account, asset="HKD", amount=Decimal(1))

    def test_replayed_under_its_key_moves_nothing_again(self, house: House) -> None:
        account = AccountFactory()
        DepositFactory(account=account)
        once = context()
        first = commands.withdraw(once, account=account, asset="HKD", amount=Decimal(400_000))
        again = commands.withdraw(once, account=account, asset="HKD", amount=Decimal(400_000))
        assert (again.entry, again.replayed) == (first.entry, True)
        with pytest.raises(KeyReused):
            commands.withdraw(once, account=account, asset="HKD", amount=Decimal(400_001))
        assert ledger.balances(account)[HKD] == 600_000

    def test_refused_leaves_nothing_in_the_book(self, house: House) -> None:
        account = AccountFactory()
        before = entries()
        with pytest.raises(Refused):
            commands.withdraw(context(), account=account, asset="ETH", amount=Decimal(1))
        assert entries() == before
        assert ETH not in ledger.balances(account)


class TestABlock:
    def test_on_withdrawals_stops_them_for_its_asset_only_until_lifted(self, house: House) -> None:
        account = AccountFactory()
        DepositFactory(account=account)
        DepositFactory(account=account, asset="BTC", amount=Decimal(2))
        number = commands.block(
            context(), account=account, reason="CASE-3", scope=BlockScope.WITHDRAWALS, asset="BTC"
        ).value
        with pytest.raises(BlockedMove):
            commands.withdraw(context(), account=account, asset="BTC", amount=Decimal(1))
        commands.withdraw(context(), account=account, asset="HKD", amount=Decimal(1))
        commands.unblock(context(), account=account, block=number, reason="CLEARED")
        commands.withdraw(context(), account=account, asset="BTC", amount=Decimal(1))
        assert Block.objects.get(pk=number).lifted_reason == "CLEARED"

    def test_of_everything_stops_trades_too_but_no_deposit(self, house: House) -> None:
        account = AccountFactory()
        commands.block(context(), account=account, reason="COURT-ORDER-5")
        DepositFactory(account=account)
        with pytest.raises(BlockedMove):
            buy(account, quantity=Decimal(100), price=Decimal(400))

    def test_is_lifted_once(self, house: House) -> None:
        account = AccountFactory()
        number = commands.block(context(), account=account, reason="CASE-3").value
        commands.unblock(context(), account=account, block=number, reason="CLEARED")
        with pytest.raises(UnknownBlock):
            commands.unblock(context(), account=account, block=number, reason="CLEARED")


def buy(account: UUID, *, quantity: Decimal, price: Decimal, cost: Decimal = Decimal(0)) -> Decimal:
    return commands.book_trade(
        context(),
        account=account,
        side=Side.BUY,
        asset="0700",
        quantity=quantity,
        price=price,
        currency="HKD",
        cost=cost,
    ).value


class TestATradeOfACashAccount:
    def test_swaps_cash_and_asset_at_once_and_earns_the_house_its_cost(self, house: House) -> None:
        account = AccountFactory()
        DepositFactory(account=account)
        assert buy(account, quantity=Decimal(1000), price=Decimal("400"), cost=Decimal("450.80")) == 400_000
        assert ledger.balances(account) == {HKD: Decimal("599549.20"), SHARES: 1000}
        bank = {
            role: ledger.balance(Account(house.bank, role, "HKD"))
            for role in (Role.BANK_CLIENT, Role.BANK_HOUSE)
        }
        assert bank == {Role.BANK_CLIENT: Decimal("-599549.20"), Role.BANK_HOUSE: Decimal("-450.80")}
        assert ledger.balance(Account(FIRM, Role.FEE_INCOME, "HKD")) == Decimal("450.80")
        assert ledger.balance(Account(house.depository, Role.NOSTRO, "0700")) == -1000

    def test_rounds_the_consideration_half_up_to_the_cent(self, house: House) -> None:
        account = AccountFactory()
        DepositFactory(account=account)
        assert buy(account, quantity=Decimal(1), price=Decimal("0.125")) == Decimal("0.13")

    def test_never_borrows(self, house: House) -> None:
        account = AccountFactory()
        DepositFactory(account=account, amount=Decimal(400_000))
        with pytest.raises(InsufficientBalance):
            buy(account, quantity=Decimal(1000), price=Decimal(400), cost=Decimal("0.01"))

    def test_sells_no_more_than_is_held(self, house: House) -> None:
        account = AccountFactory()
        DepositFactory(account=account, asset="0700", amount=Decimal(100))
        terms = {"side": Side.SELL, "asset": "0700", "price": Decimal(400), "currency": "HKD"}
        with pytest.raises(InsufficientBalance):
            commands.book_trade(context(), account=account, quantity=Decimal(101), **terms)
        commands.book_trade(context(), account=account, quantity=Decimal(100), cost=Decimal(50), **terms)
        assert ledger.balances(account) == {HKD: 39_950, SHARES: 0}

    def test_of_a_currency_is_refused(self, house: House) -> None:
        with pytest.raises(BadTrade):
            commands.book_trade(
                context(),
                account=AccountFactory(),
                side=Side.BUY,
                asset="USD",
                quantity=Decimal(1),
                price=Decimal("7.8"),
                currency="HKD",
            )

    def test_of_a_margin_account_goes_through_margin(self, house: House) -> None:
        with pytest.raises(UseMargin):
            buy(AccountFactory(kind=AccountKind.MARGIN), quantity=Decimal(1), price=Decimal(1))


def test_every_asset_sums_to_zero_over_the_whole_book(house: House) -> None:
    commands.fund_house(context(), bank=house.bank, currency="HKD", amount=Decimal(100))
    account = AccountFactory()
    DepositFactory(account=account)
    DepositFactory(account=account, asset="ETH", amount=Decimal("0.123456789012345678"))
    buy(account, quantity=Decimal(7), price=Decimal("399.99"), cost=Decimal(1))
    commands.withdraw(context(), account=account, asset="ETH", amount=Decimal("0.1"))
    assert sums_by_asset() == {"HKD": 0, "ETH": 0, "0700": 0}


ROUNDS = 200
AT_ONCE = [("BTC", Decimal("0.6"))] * 3 + [("ETH", Decimal(6))] * 3


def test_concurrent_withdrawals_over_two_assets_never_overdraw(committed_house: House) -> None:
    """Six at once want 60 % of what is there, three of each asset: one of each succeeds, 200 times."""
    account = AccountFactory()
    barrier = threading.Barrier(len(AT_ONCE) + 1, timeout=30)
    paid: list[tuple[int, str]] = []
    failures: list[Exception] = []

    def withdraw_each_round(asset: str, amount: Decimal) -> None:
        try:
            for number in range(ROUNDS):
                barrier.wait()
                try:
                    commands.withdraw(context(), account=account, asset=asset, amount=amount)
                    paid.append((number, asset))
                except InsufficientBalance:
                    pass
                barrier.wait()
        except Exception as error:
            failures.append(error)
            barrier.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=withdraw_each_round, args=each) for each in AT_ONCE]
    for thread in threads:
        thread.start()
    DepositFactory(account=account, asset="BTC", amount=Decimal("0.4"))
    DepositFactory(account=account, asset="ETH", amount=Decimal(4))
    for number in range(ROUNDS):
        DepositFactory(account=account, asset="BTC", amount=Decimal("0.6"))
        DepositFactory(account=account, asset="ETH", amount=Decimal(6))
        barrier.wait()
        barrier.wait()
        held = ledger.balances(account)
        assert (held[BTC], held[ETH]) == (Decimal("0.4"), Decimal(4)), f"round {number}"
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(paid) == sorted((number, asset) for number in range(ROUNDS) for asset in ("BTC", "ETH"))
    assert set(sums_by_asset().values()) == {0}


@pytest.mark.rule("CLI-13")
def test_no_account_is_opened_while_its_client_is_closed(committed_house: House) -> None:
    client, answers = ClientFactory(), []

    def open_one() -> None:
        try:
            AccountFactory(client=client)
            answers.append("opened")
        except Refused as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    other = threading.Thread(target=open_one)

    def meanwhile(point: str) -> None:
        if point == "before-commit":
            other.start()
            other.join(timeout=0.5)

    with seams.using(crash=meanwhile):
        commands.close_client(by_two(), client=client, reason="LEFT")
    other.join()
    assert answers == ["clients.not-active"]
    assert clients.client(client).status == ClientStatus.CLOSED
    assert not CustodyAccount.objects.filter(client=client).exists()
