"""Custody's steps as another room uses them: inside an entry of that room's own."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from brokerage.clients.commands import change_status
from brokerage.clients.rules.status import ClientStatus, NotActive
from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import Role
from brokerage.ledger.commands import Command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import ReasonMissing
from brokerage.ledger.store import InsufficientBalance
from custody import commands, queries, steps
from custody.rules import AccountKind, BlockedMove, BlockScope, Side
from tests.factories import AccountFactory, House, by_two, context

CASH, HOLDING, COLLATERAL = (Role.CASH, "HKD"), (Role.HOLDING, "BTC"), (Role.COLLATERAL, "BTC")


def run(account: UUID, *moves: tuple[Callable[..., Any], dict[str, Any]]) -> None:
    """One entry, as margin would make it: lock, read the standing once, then the steps."""

    def decide(entry: Entry) -> None:
        entry.lock(account)
        standing = queries.standing(account)
        for step, arguments in moves:
            step(entry, standing, **arguments)

    Command("test.steps", decide)(context())


@pytest.fixture
def account(house: House) -> UUID:
    """A margin account with a million dollars and two pledged bitcoins."""
    account = AccountFactory(kind=AccountKind.MARGIN)
    run(
        account,
        (steps.deposit_step, {"asset": "HKD", "amount": Decimal(1_000_000)}),
        (steps.deposit_step, {"asset": "BTC", "amount": Decimal(2), "into": Role.COLLATERAL}),
    )
    return account


def trade(side: Side, quantity: str, **changes: Any) -> tuple[Callable[..., Any], dict[str, Any]]:
    terms = {
        "side": side,
        "asset": "BTC",
        "quantity": Decimal(quantity),
        "price": Decimal(500_000),
        "currency": "HKD",
        "cost": Decimal(100),
        "role": Role.COLLATERAL,
    }
    return steps.trade_step, terms | changes


class TestDepositAndWithdrawal:
    def test_go_into_and_out_of_collateral_while_money_stays_cash(self, account: UUID) -> None:
        assert ledger.balances(account) == {CASH: 1_000_000, COLLATERAL: 2}
        run(
            account,
            (steps.withdraw_step, {"asset": "BTC", "amount": Decimal(1), "out_of": Role.COLLATERAL}),
            (steps.withdraw_step, {"asset": "HKD", "amount": Decimal(1), "out_of": Role.COLLATERAL}),
        )
        assert ledger.balances(account) == {CASH: 999_999, COLLATERAL: 1}

    def test_fail_together_in_one_entry(self, account: UUID) -> None:
        with pytest.raises(InsufficientBalance):
            run(
                account,
                (steps.withdraw_step, {"asset": "HKD", "amount": Decimal(1)}),
                (steps.withdraw_step, {"asset": "BTC", "amount": Decimal(3), "out_of": Role.COLLATERAL}),
            )
        assert ledger.balances(account) == {CASH: 1_000_000, COLLATERAL: 2}


class TestPledgeAndRelease:
    def test_move_between_holding_and_collateral(self, account: UUID) -> None:
        run(account, (steps.release_step, {"asset": "BTC", "amount": Decimal("0.5")}))
        assert ledger.balances(account) == {
            CASH: 1_000_000,
            COLLATERAL: Decimal("1.5"),
            HOLDING: Decimal("0.5"),
        }
        run(
            account,
            (steps.pledge_step, {"asset": "BTC", "amount": Decimal("0.25"), "basis": "margin agreement 4.2"}),
        )
        held = ledger.balances(account)
        assert (held[COLLATERAL], held[HOLDING]) == (Decimal("1.75"), Decimal("0.25"))

    def test_never_more_than_there_is(self, account: UUID) -> None:
        with pytest.raises(InsufficientBalance):
            run(account, (steps.release_step, {"asset": "BTC", "amount": Decimal("2.00000001")}))
        with pytest.raises(InsufficientBalance):
            run(account, (steps.pledge_step, {"asset": "BTC", "amount": Decimal(1), "basis": "agreement"}))

    def test_a_pledge_names_its_basis(self, account: UUID) -> None:
        with pytest.raises(ReasonMissing):
            run(account, (steps.pledge_step, {"asset": "BTC", "amount": Decimal(1), "basis": " "}))

    def test_a_block_on_withdrawals_stops_a_release(self, account: UUID) -> None:
        commands.block(context(), account=account, reason="CALL-OPEN", scope=BlockScope.WITHDRAWALS)
        with pytest.raises(BlockedMove):
            run(account, (steps.release_step, {"asset": "BTC", "amount": Decimal(1)}))


class TestATrade:
    def test_books_then_settles_against_collateral(self, account: UUID) -> None:
        run(account, trade(Side.BUY, "0.5"), trade(Side.SELL, "1"))
        assert ledger.balances(account) == {CASH: 1_249_800, COLLATERAL: Decimal("1.5")}
        kinds = [item.kind for item in ledger.events(account)][-4:]
        assert kinds == ["custody.trade-booked", "custody.trade-settled"] * 2

    def test_whose_cost_exceeds_its_proceeds_takes_the_rest_from_cash(self, account: UUID) -> None:
        run(account, trade(Side.SELL, "0.0001"))
        assert ledger.balances(account)[CASH] == 999_950

    def test_of_a_frozen_client_is_only_for_the_house_to_make(self, account: UUID) -> None:
        client = queries.account(account).client_id
        change_status(by_two(), client=client, status=ClientStatus.FROZEN, reason="DEATH-REPORTED")
        with pytest.raises(NotActive):
            run(account, trade(Side.SELL, "1"))
        with pytest.raises(NotActive):
            run(account, trade(Side.BUY, "1"))
        run(account, trade(Side.SELL, "1", by_house=True))
        assert ledger.balances(account)[COLLATERAL] == 1

    def test_of_the_house_stops_at_a_block_of_everything_but_not_at_one_on_withdrawals(
        self, account: UUID
    ) -> None:
        commands.block(context(), account=account, reason="CALL-OPEN", scope=BlockScope.WITHDRAWALS)
        run(account, trade(Side.SELL, "1", by_house=True))
        commands.block(context(), account=account, reason="COURT-ORDER-8", scope=BlockScope.ALL)
        with pytest.raises(BlockedMove):
            run(account, trade(Side.SELL, "1", by_house=True))
