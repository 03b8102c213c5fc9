"""Custodians, accounts and blocks, folded from their events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from .events import (
    AccountClosed,
    AccountOpened,
    AssetsAdded,
    Blocked,
    CustodianRegistered,
    Unblocked,
)
from .models import Block, Custodian, CustodyAccount
from .rules import AccountStatus


@projection(models=(Custodian,), events=(CustodianRegistered, AssetsAdded))
def custodians(events: Sequence[Recorded]) -> None:
    """One row a custodian."""
    fold(Custodian, events, _custodian, key=lambda recorded: recorded.stream)


def _custodian(row: Custodian | None, recorded: Recorded) -> Custodian:
    event = recorded.event
    if row is None:
        return Custodian(
            id=recorded.stream,
            kind=event.kind,
            name=event.name,
            licence_type=event.licence.type,
            licence_number=event.licence.number,
            licence_from=event.licence.valid_from,
            licence_until=event.licence.valid_until,
            assets=list(event.assets),
            registered_at=recorded.effective_at,
        )
    row.assets = [*row.assets, *event.assets]
    return row


@projection(models=(CustodyAccount,), events=(AccountOpened, AccountClosed))
def accounts(events: Sequence[Recorded]) -> None:
    """One row a client account."""
    fold(CustodyAccount, events, _account, key=lambda recorded: recorded.stream)


def _account(row: CustodyAccount | None, recorded: Recorded) -> CustodyAccount:
    event = recorded.event
    if row is None:
        return CustodyAccount(
            id=recorded.stream,
            client_id=event.client,
            kind=event.kind,
            base_currency=event.base_currency,
            status=AccountStatus.OPEN,
            opened_at=recorded.effective_at,
        )
    row.status = AccountStatus.CLOSED
    row.closed_at = recorded.effective_at
    return row


@projection(models=(Block,), events=(Blocked, Unblocked))
def blocks(events: Sequence[Recorded]) -> None:
    """One row a block, lifted ones included."""
    fold(Block, events, _block, key=lambda recorded: recorded.event.block)


def _block(row: Block | None, recorded: Recorded) -> Block:
    event = recorded.event
    if row is None:
        return Block(
            id=event.block,
            account_id=recorded.stream,
            scope=event.scope,
            asset=event.asset,
            reason=event.reason,
            placed_at=recorded.effective_at,
        )
    row.lifted_at = recorded.effective_at
    row.lifted_reason = event.reason
    return row
