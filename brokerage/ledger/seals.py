"""The sealer: closes windows of finished transactions into signed Merkle blocks of positions.

Only this module reads windows of transaction ids. Everything below pg_snapshot_xmin is finished,
so a window never changes once it is closed; inside it events are ranked by seq. A position is
first_position + rank. Two sealers cannot disagree: one holds the advisory lock, and because each
statement sees what is committed, the next one starts where the last one ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

import psycopg
from django.db import connection, transaction
from psycopg.rows import TupleRow

from . import blocks, hashing, numbering, seams, signing, signs, store
from .blocks import SEAL, Epoch, Seal
from .refusal import Refused

_LOCK = 0x5EA1
_SYSTEM = "SELECT system_identifier::text FROM pg_control_system()"


class ForeignSystem(Refused):
    """The book was restored into another database system, whose transaction ids mean nothing here."""

    code = "ledger.foreign-system"


class Blocker(NamedTuple):
    """A session whose open transaction holds seals back; None is what PostgreSQL hides from our role."""

    pid: int
    database: str | None
    application: str | None
    state: str | None
    since: datetime | None


class _Window(NamedTuple):
    epoch: Epoch
    xid_from: int
    xid_until: int
    open_seq: int | None


def seal() -> int:
    """Close the window of transactions finished since the last seal; the number of events sealed.

    0 when there is nothing to seal or another sealer is at work. Memory is bounded whatever the
    window's size. Raises ForeignSystem after a restore, until `settle` was run.
    """
    with transaction.atomic(durable=True):
        if not _value("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK]):
            return 0
        epoch = current_epoch() or _open_first_epoch()
        if epoch.system_identifier != _value(_SYSTEM):
            raise ForeignSystem(
                "The book comes from another database system; stop the writers' old system and run"
                " `manage.py ledger settle` once.",
                epoch=epoch.number,
            )
        last = last_seal()
        window = _Window(epoch, _next_xid(epoch, last), _xmin(), None)
        if window.xid_until <= window.xid_from:
            return 0
        condition, params = unsealed()
        sealed = _write_blocks(window, last, f"{condition} AND e.xid < %s", [*params, window.xid_until])
        before = last.last_position if last else 0
        if before // blocks.BLOCK < (before + sealed) // blocks.BLOCK:
            signs.report()
        return sealed


def settle() -> int:
    """After a restore: seal what no seal covers in order of seq, then open the next epoch here.

    Returns the number of events sealed; 0, with nothing done, when the book is at home already.
    Writers wait meanwhile, so no seq up to after_seq can appear later. Needs the schema owner's rights.
    Raises WritersAtWork when a transaction does not let go of the book.
    """
    with transaction.atomic(durable=True):
        _value("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        store.hold_writers()
        epoch = current_epoch()
        if epoch.system_identifier == _value(_SYSTEM) if epoch else not _foreign_transactions():
            return 0
        epoch = epoch or _new_epoch(1, first_xid=0)
        last = last_seal()
        since = _next_xid(epoch, last)
        condition, params = _unsealed_after_restore(epoch, since)
        until = _value(
            f"SELECT greatest(max(e.xid), %s) + 1 FROM ledger_event e WHERE {condition}", [since, *params]
        )
        window = _Window(epoch, since, until, open_seq=params[-1])
        sealed = _write_blocks(window, last, condition, params)
        _new_epoch(epoch.number + 1, first_xid=_xmin())
        return sealed


def current_epoch() -> Epoch | None:
    """The newest epoch; None before the first seal."""
    row = (
        store.cursor()
        .execute(f"SELECT {', '.join(Epoch._fields)} FROM ledger_epoch ORDER BY number DESC LIMIT 1")
        .fetchone()
    )
    return Epoch(*row) if row else None


def last_seal() -> Seal | None:
    """The newest seal; None before the first."""
    row = (
        store.cursor()
        .execute(f"SELECT {', '.join(SEAL)} FROM ledger_seal ORDER BY first_position DESC LIMIT 1")
        .fetchone()
    )
    return Seal(*row) if row else None


def unsealed() -> tuple[str, list[int]]:
    """The SQL condition on `e`, with parameters, of events that the next `seal` or `settle` may cover."""
    epoch = current_epoch()
    if epoch is None:
        return "true", []
    since = _next_xid(epoch, last_seal())
    if epoch.system_identifier != _value(_SYSTEM):
        return _unsealed_after_restore(epoch, since)
    return "e.seq > %s AND e.xid >= %s", [epoch.after_seq, since]


def _unsealed_after_restore(epoch: Epoch, since: int) -> tuple[str, list[int]]:
    """Restored without a seal, or appended here since: transaction ids of two systems, told apart by seq."""
    sealed_seq = _value(
        "SELECT coalesce(max(seq_until), %s) FROM ledger_seal WHERE epoch = %s",
        [epoch.after_seq, epoch.number],
    )
    return "e.seq > %s AND (e.xid >= %s OR e.seq > %s)", [epoch.after_seq, since, sealed_seq]


def blocker() -> Blocker | None:
    """The oldest open transaction of the whole cluster that has written: seals wait for it. None if none."""
    row = (
        store.cursor()
        .execute(
            "SELECT pid, datname, application_name, state, xact_start FROM pg_stat_activity"
            " WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
            " ORDER BY age(backend_xid) DESC LIMIT 1"
        )
        .fetchone()
    )
    return Blocker(*row) if row else None


def _open_first_epoch() -> Epoch:
    if _foreign_transactions():
        raise ForeignSystem("The book was restored before it was ever sealed; run `manage.py ledger settle`.")
    return _new_epoch(1, first_xid=0)


def _new_epoch(number: int, *, first_xid: int) -> Epoch:
    """Insert an epoch of this system. Running transactions drew their xid at or above xmin."""
    after_seq = _value("SELECT coalesce(max(seq), 0) FROM ledger_event") if number > 1 else 0
    epoch = Epoch(number, _value(_SYSTEM), first_xid, after_seq, seams.now())
    store.cursor().execute("INSERT INTO ledger_epoch VALUES (%s, %s, %s, %s, %s)", epoch)
    return epoch


def _foreign_transactions() -> bool:
    """Whether rows are visible whose transaction, by its number, has not finished here yet."""
    return bool(
        _value(
            "SELECT EXISTS (SELECT FROM ledger_event"
            " WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint AND NOT"
            " pg_visible_in_snapshot(xid::text::xid8, pg_current_snapshot())"
            " AND xid IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint)"
        )
    )


def _next_xid(epoch: Epoch, last: Seal | None) -> int:
    return last.xid_until if last and last.epoch == epoch.number else epoch.first_xid


def _xmin() -> int:
    return int(_value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))


def _value(query: str, params: Sequence[Any] = ()) -> Any:
    row = store.cursor().execute(query, params).fetchone()
    return row[0] if row else None


def _write_blocks(window: _Window, last: Seal | None, condition: str, params: Sequence[Any]) -> int:
    """Seal the selected events in blocks; the number of events."""
    sealed = 0
    for events in _blocks(
        f"SELECT e.seq, e.xid, e.hash, e.kind FROM ledger_event e WHERE {condition} ORDER BY e.seq", params
    ):
        last = _signed(window, last, events)
        store.cursor().execute(
            f"INSERT INTO ledger_seal ({', '.join(SEAL)}) VALUES ({', '.join(['%s'] * len(SEAL))})",
            [getattr(last, name) for name in SEAL],
        )
        numbering.withhold(last.first_position, [row[-1] for row in events])
        sealed += len(events)
    return sealed


def _blocks(query: str, params: Sequence[Any]) -> Iterator[list[TupleRow]]:
    """The rows of a query in lists of at most blocks.BLOCK, through a server-side cursor."""
    connection.ensure_connection()
    with psycopg.ServerCursor(connection.connection, f"praya_seal_{next(_names)}") as rows:
        rows.execute(query, params)
        while block := rows.fetchmany(blocks.BLOCK):
            yield block


_names = count()


def _signed(window: _Window, last: Seal | None, events: Sequence[TupleRow]) -> Seal:
    key = signing.signing_key()
    unsigned = Seal(
        first_position=last.last_position + 1 if last else 1,
        count=len(events),
        epoch=window.epoch.number,
        xid_from=window.xid_from,
        xid_until=window.xid_until,
        seq_from=events[0][0],
        seq_until=events[-1][0],
        open_seq=window.open_seq,
        root=hashing.merkle_root(
            [hashing.leaf(event=digest, seq=seq, xid=xid) for seq, xid, digest, _ in events]
        ),
        previous=last.digest if last else hashing.GENESIS,
        digest=b"",
        signature=b"",
        key_id=signing.key_id(key.public_key()),
        sealed_at=seams.now(),
    )
    digest = unsigned.expected_digest(window.epoch)
    return replace(unsigned, digest=digest, signature=key.sign(digest))
