"""Reads of the book: balances now, as of a time and as known at a position; events of a stream."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from . import store
from .chart import Account, Role
from .registry import Recorded

Balances = dict[tuple[Role, str], Decimal]


def balances(owner: UUID) -> Balances:
    """The current balance of every eager account of an owner, zero balances included."""
    rows = store.cursor().execute("SELECT role, asset, amount FROM ledger_balance WHERE owner = %s", [owner])
    return {(Role(role), asset): amount for role, asset, amount in rows}


def balances_of(owners: list[UUID]) -> dict[UUID, Balances]:
    """`balances` of many owners in one read; an owner without accounts maps to an empty dict."""
    found: dict[UUID, Balances] = {owner: {} for owner in owners}
    rows = store.cursor().execute(
        "SELECT owner, role, asset, amount FROM ledger_balance WHERE owner = ANY(%s)", [owners]
    )
    for owner, role, asset, amount in rows:
        found[owner][Role(role), asset] = amount
    return found


def events(stream: UUID, after_version: int = 0) -> list[Recorded]:
    """The events of a stream, in order, after a version."""
    return store.read("e.stream = %s AND e.version > %s", [stream, after_version], order="e.version")
