"""Firm and custodian accounts on the wrong side of zero: no CHECK guards balances that are not kept."""

import logging
from decimal import Decimal
from typing import NamedTuple

from . import store
from .chart import Account, Role

log = logging.getLogger(__name__)
_WRONG = """
    SELECT a.owner, a.role, a.asset, coalesce(base.amount, 0) + coalesce(later.amount, 0) AS amount
    FROM ledger_account a
    LEFT JOIN LATERAL (
        SELECT s.amount FROM ledger_snapshot s WHERE s.account = a.id ORDER BY s.run DESC LIMIT 1
    ) base ON true
    LEFT JOIN LATERAL (
        SELECT sum(p.amount) AS amount FROM ledger_posting p
        WHERE p.account = a.id AND p.event > (SELECT coalesce(max(floor), 0) FROM ledger_snapshot_run)
    ) later ON true
    WHERE a.side <> 0 AND a.role = ANY(%s)
      AND a.side * (coalesce(base.amount, 0) + coalesce(later.amount, 0)) < 0
    ORDER BY a.owner, a.role, a.asset
"""


class WrongSide(NamedTuple):
    """An account and its balance, credit positive, in units of the account's asset."""

    account: Account
    amount: Decimal


def wrong_sides() -> list[WrongSide]:
    """The accounts without a kept balance whose sum, snapshot plus later postings, contradicts their side."""
    unkept = [role.value for role in Role if not role.eager]
    rows = store.cursor().execute(_WRONG, [unkept])
    return [WrongSide(Account(owner, Role(role), asset), amount) for owner, role, asset, amount in rows]


def report() -> None:
    """Log an error for each account on the wrong side."""
    for (owner, role, asset), amount in wrong_sides():
        log.error(
            "ledger account %s of %s in %s stands at %s, on the wrong side of zero",
            role,
            owner,
            asset,
            amount,
        )
