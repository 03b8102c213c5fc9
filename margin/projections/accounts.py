"""Accounts, the policy, and interest by month, folded from their events."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid5

from brokerage.ledger import codec
from brokerage.ledger.projection import fold, projection, upsert
from brokerage.ledger.registry import Recorded

from .. import events as e
from ..models import InterestMonth, MarginAccount, Policy
from ..rules.identity import month_id
from .calls import ENDED, PAID

DEBIT = (e.Drawn, e.Repaid, e.InterestCharged, e.DeficitRecorded)
"""Events that move the settled debit."""


@projection(
    models=(MarginAccount,),
    events=(
        e.AccountOpened,
        e.LimitSet,
        e.WarningRaised,
        e.WarningCleared,
        e.CallIssued,
        *ENDED,
        *PAID,
        e.SaleClosed,
        e.PriceHoldPlaced,
        e.PriceHoldLifted,
        *DEBIT,
    ),
)
def accounts(events: Sequence[Recorded]) -> None:
    """Each margin account as it stands."""
    fold(MarginAccount, events, _account, key=lambda recorded: recorded.stream)


def _account(row: MarginAccount | None, recorded: Recorded) -> MarginAccount:
    event = recorded.event
    if row is None:
        return MarginAccount(
            id=recorded.stream,
            client=event.client,
            currency=event.currency,
            opened_at=recorded.effective_at,
        )
    if isinstance(event, DEBIT):
        row.debit_moved_at = max(filter(None, (row.debit_moved_at, recorded.effective_at)))
    match event:
        case e.LimitSet():
            row.credit_limit = event.limit
        case e.PriceHoldPlaced():
            row.open_hold = event.hold
        case e.PriceHoldLifted():
            row.open_hold = None
        case _:
            _account_in_call(row, event)
    return row


def _account_in_call(row: MarginAccount, event: Any) -> None:
    match event:
        case e.WarningRaised():
            row.warned = True
        case e.WarningCleared():
            row.warned = False
        case e.CallIssued():
            row.open_call, row.warned = event.call, False
        case e.CallMet() | e.CallMetByMarket() | e.CallCancelled() | e.SaleClosed(call_closed=True):
            row.open_call = None
        case e.DeficitSettled() | e.DeficitWrittenOff() if not event.left:
            row.open_call = None


@projection(models=(Policy,), events=(e.PolicyAdopted,))
def policies(events: Sequence[Recorded]) -> None:
    """Each adopted version of the policy."""
    upsert(
        Policy,
        [
            Policy(
                id=uuid5(recorded.stream, str(recorded.event.version)),
                version=recorded.event.version,
                effective_from=recorded.event.effective_from,
                adopted_at=recorded.effective_at,
                reason=recorded.event.reason,
                content=codec.plain(recorded.event.policy),
            )
            for recorded in events
        ],
    )


@projection(models=(InterestMonth,), events=(e.InterestAccrued, e.InterestCharged))
def interest_months(events: Sequence[Recorded]) -> None:
    """Each account's interest by month."""
    fold(InterestMonth, events, _month, key=lambda recorded: month_id(recorded.stream, _day(recorded.event)))


def _day(event: e.InterestAccrued | e.InterestCharged) -> date:
    return event.day if isinstance(event, e.InterestAccrued) else event.month


def _month(row: InterestMonth | None, recorded: Recorded) -> InterestMonth:
    event = recorded.event
    day = _day(event)
    month = row or InterestMonth(
        id=month_id(recorded.stream, day), account_id=recorded.stream, month=day.replace(day=1)
    )
    if isinstance(event, e.InterestAccrued):
        month.through = event.day
        month.days += 1
        month.accrued += event.amount
    else:
        month.settled += event.accrued
        month.charged += event.amount
    return month
