"""Replay of the whole book into fresh tables: proof that every read model is a cache of facts.

With `check` nothing changes: the tables are filled in a shadow schema under one snapshot and compared
row by row. Without it writers wait, and the fresh rows replace the old ones in the same transaction.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
from django.db import transaction
from psycopg import sql
from psycopg.rows import TupleRow

from . import projection, snapshots, store
from .chart import Role
from .registry import Recorded

CHUNK = 2000
SHADOW = "ledger_shadow"
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: events replayed, tables that differ with their row counts, the state hash."""

    events: int
    differences: dict[str, int]
    state_hash: str

    @property
    def identical(self) -> bool:
        """Whether every read model and balance equals its replay."""
        return not self.differences


def rebuild(*, check: bool, progress: Progress | None = None) -> Rebuilt:
    """Replay every event through every projection; compare (`check`) or replace the read models.

    Snapshots are checked as well, and discarded from the first wrong one on: the next run takes them anew.
    Runs as the owner of the schema. `progress` is told how many more events were replayed.
    Raises WritersAtWork when a transaction does not let go of the book, UnknownKind when this version of
    the code is older than an event.
    """
    with transaction.atomic(durable=True):
        cursor = store.cursor()
        if check:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        else:
            store.hold_writers()
        cursor.execute("SET LOCAL statement_timeout = 0")
        home = _text(cursor.execute("SELECT current_schema()"))
        tables = ["ledger_balance", *read_model_tables()]
        _make_shadow(cursor, home, tables)
        _fill_balances(cursor)
        count = _replay(progress)
        differences = {table: n for table in tables if (n := _difference(cursor, home, table))}
        if wrong := snapshots.wrong():
            differences["ledger_snapshot"] = len(wrong)
        if not check:
            _replace(cursor, home, tables)
            if wrong:
                snapshots.discard(wrong[0].run)
        digest = state_hash()
        cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(SHADOW)))
        cursor.execute(sql.SQL("SET LOCAL search_path = {}").format(sql.Identifier(home)))
    return Rebuilt(count, differences, digest)


def read_model_tables() -> list[str]:
    """The tables that projections own, in registration order."""
    models = [model for each in projection.projections() for model in each.models]
    return list(dict.fromkeys(model._meta.db_table for model in models))


def _make_shadow(cursor: psycopg.Cursor[TupleRow], home: str, tables: list[str]) -> None:
    cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SHADOW)))
    for table in tables:
        cursor.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} (LIKE {} INCLUDING ALL)").format(
                sql.Identifier(SHADOW, table), sql.Identifier(home, table)
            )
        )
    cursor.execute(
        sql.SQL("SET LOCAL search_path = {}, {}").format(sql.Identifier(SHADOW), sql.Identifier(home))
    )
    cursor.execute("SET LOCAL timezone = 'UTC'")


def _fill_balances(cursor: psycopg.Cursor[TupleRow]) -> None:
    eager = [role.value for role in Role if role.eager]
    cursor.execute(
        "INSERT INTO ledger_balance (account, owner, role, asset, side, amount)"
        " SELECT a.id, a.owner, a.role, a.asset, a.side, coalesce(p.amount, 0) FROM ledger_account a"
        " LEFT JOIN (SELECT account, sum(amount) AS amount FROM ledger_posting GROUP BY account) p"
        " ON p.account = a.id WHERE a.role = ANY(%s)",
        [eager],
    )


def _replay(progress: Progress | None) -> int:
    count = 0
    for events in in_order():
        projection.apply(events)
        count += len(events)
        if progress:
            progress(len(events))
    return count


def in_order(chunk: int = CHUNK) -> Iterator[list[Recorded]]:
    """All events in chunks, ordered so that each stream is in its own order; bounded memory."""
    last = 0
    while events := store.read("e.seq > %s", [last, chunk], order="e.seq LIMIT %s"):
        yield events
        last = events[-1].seq


def _difference(cursor: psycopg.Cursor[TupleRow], home: str, table: str) -> int:
    live, fresh = sql.Identifier(home, table), sql.Identifier(SHADOW, table)
    counted = sql.SQL(
        "SELECT (SELECT count(*) FROM (SELECT * FROM {0} EXCEPT ALL SELECT * FROM {1}) missing)"
        " + (SELECT count(*) FROM (SELECT * FROM {1} EXCEPT ALL SELECT * FROM {0}) extra)"
    ).format(live, fresh)
    return int(_text(cursor.execute(counted)))


def _replace(cursor: psycopg.Cursor[TupleRow], home: str, tables: list[str]) -> None:
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in tables:
        live, fresh = sql.Identifier(home, table), sql.Identifier(SHADOW, table)
        cursor.execute(sql.SQL("DELETE FROM {}").format(live))
        cursor.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(live, fresh))


_EVENTS_HASH = """
    SELECT encode(sha256(convert_to(
        coalesce(string_agg(line, '' ORDER BY stream, version), ''), 'UTF8')), 'hex')
    FROM (
        SELECT e.stream, e.version, encode(sha256(convert_to(concat_ws('|', e.stream, e.version,
            e.kind, e.schema, e.data, e.owner, e.effective_at, p.lines), 'UTF8')), 'hex') AS line
        FROM ledger_event e LEFT JOIN (
            SELECT p.event, string_agg(concat_ws(' ', a.owner, a.role, a.asset, p.amount), ','
                ORDER BY a.owner, a.role, a.asset) AS lines
            FROM ledger_posting p JOIN ledger_account a ON a.id = p.account GROUP BY p.event
        ) p ON p.event = e.seq
    ) hashed
"""
_BALANCES_HASH = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(
        concat_ws('|', owner, role, asset, amount), '' ORDER BY owner, role, asset), ''), 'UTF8')), 'hex')
    FROM ledger_balance
"""
_TABLE_HASH = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(line, '' ORDER BY line), ''), 'UTF8')), 'hex')
    FROM (SELECT encode(sha256(convert_to(t::text, 'UTF8')), 'hex') AS line FROM {} t) hashed
"""


def state_hash() -> str:
    """SHA-256 over events, postings, balances and read models; not over seq, xid and recorded_at.

    Two books that went through the same commands at the same business times have the same hash.
    It reads the whole book, so no statement time-out holds in the transaction from here on.
    """
    parts = []
    with transaction.atomic():
        cursor = store.cursor()
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL timezone = 'UTC'")
        queries = [sql.SQL(_EVENTS_HASH).format(), sql.SQL(_BALANCES_HASH).format()]
        queries += [
            sql.SQL(_TABLE_HASH).format(sql.Identifier(table)) for table in sorted(read_model_tables())
        ]
        for query in queries:
            parts.append(_text(cursor.execute(query)))
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _text(result: psycopg.Cursor[TupleRow]) -> str:
    row = result.fetchone()
    return "" if row is None else str(row[0])
