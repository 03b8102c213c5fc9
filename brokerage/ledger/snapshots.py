"""Daily balance snapshots: what makes balances as of a past time, and firm balances, cheap to read.

A snapshot is a cache of postings: it can be checked, and `ledger rebuild` discards it when it is wrong;
reads then fall back to the snapshot before it.
"""

import time
from typing import Any, NamedTuple

from django.db import transaction

from . import seals, store
from .refusal import Refused

_LOCK = 7_202_602
PATIENCE = 5.0


class SnapshotDelayed(Refused):
    """A long transaction keeps events from being sealed, so no snapshot can be taken yet."""

    code = "ledger.snapshot-delayed"


_TAKE = """
    WITH run AS (
        INSERT INTO ledger_snapshot_run (number, floor, previous_floor, position, cutoff, min_effective)
        SELECT %(number)s, %(floor)s, %(previous)s,
               (SELECT max(s.first_position + s.count - 1) FROM ledger_seal s WHERE s.seq_from <= %(floor)s),
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


_WRONG_ROWS = """
    WITH moved AS (
        SELECT r.number, p.account, sum(p.amount) AS amount
        FROM ledger_snapshot_run r JOIN ledger_posting p ON p.event > r.previous_floor AND p.event <= r.floor
        GROUP BY r.number, p.account
    ), expected AS (
        SELECT number AS run, account, sum(amount) OVER (PARTITION BY account ORDER BY number) AS amount
        FROM moved
    )
    SELECT coalesce(e.run, s.run),
           format('account %s holds %s; postings say %s', coalesce(e.account, s.account), s.amount, e.amount)
    FROM expected e FULL JOIN ledger_snapshot s USING (run, account)
    WHERE e.amount IS DISTINCT FROM s.amount ORDER BY 1, 2
"""
_WRONG_RUNS = """
    WITH marks AS (
        SELECT seq_from AS seq, NULL::integer AS number, first_position + count - 1 AS position
        FROM ledger_seal UNION ALL SELECT floor, number, NULL FROM ledger_snapshot_run
    ), placed AS (
        SELECT number,
               max(position) OVER (ORDER BY seq, number NULLS FIRST ROWS UNBOUNDED PRECEDING) AS position
        FROM marks
    ), expected AS (
        SELECT r.number, row_number() OVER w AS ordinal, lag(r.floor, 1, 0) OVER w AS previous_floor,
               max(e.latest) OVER w AS cutoff, e.earliest AS min_effective,
               EXISTS (SELECT FROM ledger_event e WHERE e.seq = r.floor)
                   AND r.floor <= (SELECT max(seq_until) FROM ledger_seal) AS is_sealed
        FROM ledger_snapshot_run r CROSS JOIN LATERAL (
            SELECT max(e.effective_at) AS latest, min(e.effective_at) AS earliest
            FROM ledger_event e WHERE e.seq > r.previous_floor AND e.seq <= r.floor
        ) e WINDOW w AS (ORDER BY r.number)
    )
    SELECT r.number, 'is not what the events and seals up to its floor say'
    FROM ledger_snapshot_run r JOIN expected e USING (number) JOIN placed p USING (number)
    WHERE e.is_sealed IS NOT TRUE OR (r.number, r.previous_floor, r.position, r.cutoff, r.min_effective)
        IS DISTINCT FROM (e.ordinal, e.previous_floor, p.position, e.cutoff, e.min_effective)
    ORDER BY 1
"""


class Wrong(NamedTuple):
    """A run of which something is wrong: the run itself, or one of its balances."""

    run: int
    what: str


def wrong() -> list[Wrong]:
    """Every run and snapshot row that events, seals and postings do not add up to."""
    found = [Wrong(*row) for query in (_WRONG_RUNS, _WRONG_ROWS) for row in store.cursor().execute(query)]
    return sorted(found)


def discard(number: int) -> None:
    """Remove run `number` and all later ones (as the owner of the schema); reads use earlier ones."""
    cursor = store.cursor()
    cursor.execute("DELETE FROM ledger_snapshot WHERE run >= %s", [number])
    cursor.execute("DELETE FROM ledger_snapshot_run WHERE number >= %s", [number])
