"""Daily balance snapshots: what makes balances as of a past time, and firm balances, cheap to read.

A snapshot is a cache of postings: it can be checked, discarded and taken again, and reads fall back
to the snapshot before it.
"""

import time
from typing import Any

import psycopg
from django.db import transaction

from . import known, seals, store
from .refusal import Refused

_LOCK = 7_202_602
PATIENCE = 5.0


class SnapshotDelayed(Refused):
    """A long transaction keeps events from being sealed, so no snapshot can be taken yet."""

    code = "ledger.snapshot-delayed"


_TAKE = """
    WITH run AS (
        INSERT INTO ledger_snapshot_run (number, floor, previous_floor, position, cutoff, min_effective)
        SELECT %(number)s, %(floor)s, %(previous)s, %(position)s,
               greatest(max(e.effective_at), %(cutoff)s), min(e.effective_at)
        FROM ledger_event e WHERE e.seq > %(previous)s AND e.seq <= %(floor)s
        RETURNING number
    ), moved AS (
        SELECT p.account, sum(p.amount) AS amount FROM ledger_posting p
        WHERE p.event > %(previous)s AND p.event <= %(floor)s GROUP BY p.account
    )
    INSERT INTO ledger_snapshot (account, run, amount)
    SELECT moved.account, run.number, moved.amount + coalesce(earlier.amount, 0)
    FROM run CROSS JOIN moved LEFT JOIN LATERAL (
        SELECT s.amount FROM ledger_snapshot s WHERE s.account = moved.account ORDER BY s.run DESC LIMIT 1
    ) earlier ON true
"""


def take() -> int | None:
    """Snapshot every balance up to the newest event; the run's number, or None when nothing is new.

    Waits a few seconds for open transactions and seals what they wrote. Raises SnapshotDelayed when
    they do not end in time.
    """
    floor, horizon = _row(
        "SELECT max(seq), pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM ledger_event"
    )
    latest = _latest()
    if floor is None or floor == latest["floor"]:
        return None
    _wait_until_settled(horizon)
    seals.seal()
    with transaction.atomic(durable=True):
        cursor = store.cursor()
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if _latest() != latest:
            return None
        number: int = latest["number"] + 1
        cursor.execute(
            _TAKE,
            {
                "number": number,
                "floor": floor,
                "previous": latest["floor"],
                "position": known.last_position(),
                "cutoff": latest["cutoff"],
            },
        )
    return number


def _row(sql: str, params: Any = None) -> Any:
    return store.cursor().execute(sql, params).fetchone()


def _latest() -> dict[str, Any]:
    row = _row("SELECT number, floor, cutoff FROM ledger_snapshot_run ORDER BY number DESC LIMIT 1")
    number, floor, cutoff = row or (0, 0, None)
    return {"number": number, "floor": floor, "cutoff": cutoff}


def _wait_until_settled(horizon: int) -> None:
    """Every transaction that may still hold a lower seq has an xid below `horizon`; wait for all of them."""
    deadline = time.monotonic() + PATIENCE
    while _row("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")[0] < horizon:
        if time.monotonic() > deadline:
            raise SnapshotDelayed("A long transaction is open; end it, then take the snapshot again.")
        time.sleep(0.05)


_WRONG = """
    WITH moved AS (
        SELECT r.number, p.account, sum(p.amount) AS amount
        FROM ledger_snapshot_run r JOIN ledger_posting p ON p.event > r.previous_floor AND p.event <= r.floor
        GROUP BY r.number, p.account
    ), expected AS (
        SELECT number AS run, account, sum(amount) OVER (PARTITION BY account ORDER BY number) AS amount
        FROM moved
    )
    SELECT coalesce(e.run, s.run), coalesce(e.account, s.account), s.amount, e.amount
    FROM expected e FULL JOIN ledger_snapshot s USING (run, account)
    WHERE e.amount IS DISTINCT FROM s.amount ORDER BY 1, 2
"""


def wrong() -> list[tuple[int, int, Any, Any]]:
    """(run, account, stored, expected) of every snapshot row that the postings do not add up to."""
    return store.cursor().execute(_WRONG).fetchall()


def discard(number: int) -> None:
    """Remove run `number` and all later ones (as the owner of the schema); reads use earlier ones."""
    with transaction.atomic():
        cursor: psycopg.Cursor[Any] = store.cursor()
        cursor.execute("DELETE FROM ledger_snapshot WHERE run >= %s", [number])
        cursor.execute("DELETE FROM ledger_snapshot_run WHERE number >= %s", [number])
