"""The book as it is stored, block by block: what verification and export read. Memory stays bounded."""

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import transaction
from psycopg.rows import TupleRow
from psycopg.types.datetime import TimestamptzLoader
from psycopg.types.json import set_json_loads

from . import blocks, store
from .blocks import SEAL, Epoch, Seal
from .store import EntryFields

CHUNK = 8192
_BATCH = 1000
_COLUMNS = f"e.xid, p.seq, p.hash, {store.COLUMNS}"
_PREDECESSOR = "LEFT JOIN ledger_event p ON p.stream = e.stream AND p.version = e.version - 1"
_MEMBERS = f"""
    SELECT s.first_position, {_COLUMNS}
    FROM ledger_seal s JOIN ledger_event e ON {blocks.MEMBER} {_PREDECESSOR}
    WHERE s.first_position BETWEEN %s AND %s ORDER BY s.first_position, e.seq
"""
_POSTINGS = """
    SELECT p.event, '[' || string_agg(p.line, ',' ORDER BY p.line COLLATE "C") || ']' FROM (
        SELECT p.event, concat('["', a.owner, '","', a.role, '",', to_json(a.asset), ',"', p.amount, '"]')
            AS line FROM ledger_posting p JOIN ledger_account a ON a.id = p.account WHERE p.event = ANY(%s)
    ) p GROUP BY p.event
"""


class Row(NamedTuple):
    """One stored event, with the seq and hash of the event before it in its stream if there is one."""

    xid: int
    previous_seq: int | None
    previous_hash: bytes | None
    seq: int
    entry: UUID
    stream: UUID
    version: int
    kind: str
    schema: int
    data: Any
    owner: UUID | None
    effective_at: datetime
    hash: bytes


class _Instant(TimestamptzLoader):
    """Reads an instant beyond Python's years as the last one: a tampered row must not stop a reader."""

    def load(self, data: Any) -> datetime:
        try:
            return super().load(data)
        except psycopg.DataError:
            return datetime.max.replace(tzinfo=UTC)


def _number(text: str) -> int | str:
    """The book holds no JSON number but integers of reasonable size; anything else stays recognisable."""
    return int(text) if len(text) < 40 and text.lstrip("-").isdigit() else f"number {text}"


_decode = json.JSONDecoder(parse_float=_number, parse_int=_number).decode


def _loads(data: str | bytes) -> Any:
    return _decode(str(data, "utf-8") if isinstance(data, bytes) else data)


def cursor() -> psycopg.Cursor[TupleRow]:
    """The store's cursor, reading values that no writer of the book can have written without an error."""
    made = store.cursor()
    made.adapters.register_loader("timestamptz", _Instant)
    set_json_loads(_loads, made)
    return made


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Everything read inside the block is of one moment; statements may take as long as they need."""
    with transaction.atomic(durable=True):
        store.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        store.cursor().execute("SET LOCAL statement_timeout = 0")
        yield


def epochs() -> dict[int, Epoch]:
    """All epochs by number."""
    rows = cursor().execute(f"SELECT {', '.join(Epoch._fields)} FROM ledger_epoch ORDER BY number")
    return {row[0]: Epoch(*row) for row in rows}


def stored_seals() -> Iterator[Seal]:
    """All seals by position."""
    query = f"SELECT {', '.join(SEAL)} FROM ledger_seal WHERE first_position > %s ORDER BY 1 LIMIT {_BATCH}"
    after = 0
    while rows := cursor().execute(query, [after]).fetchall():
        yield from (Seal(*row) for row in rows)
        after = rows[-1][0]


def chunks() -> Iterator[list[Seal]]:
    """Consecutive seals that cover at most CHUNK events together, or one seal."""
    waiting: list[Seal] = []
    for seal in stored_seals():
        if waiting and sum(each.count for each in waiting) + seal.count > CHUNK:
            yield waiting
            waiting = []
        waiting.append(seal)
    if waiting:
        yield waiting


def members(chunk: Sequence[Seal]) -> dict[int, list[Row]]:
    """The events of each seal of a chunk in order, by the seal's first position."""
    found: dict[int, list[Row]] = {seal.first_position: [] for seal in chunk}
    bounds = [chunk[0].first_position, chunk[-1].first_position]
    for first, *row in cursor().execute(_MEMBERS, bounds, prepare=False):
        found[first].append(Row(*row))
    return found


def selected(condition: str, params: Sequence[Any]) -> Iterator[list[Row]]:
    """Events that fulfil a fixed SQL condition on `e`, by seq, in chunks."""
    query = f"SELECT {_COLUMNS} FROM ledger_event e {_PREDECESSOR} WHERE ({condition}) AND e.seq > %s"
    after = -(2**63)
    while (
        rows := cursor()
        .execute(f"{query} ORDER BY e.seq LIMIT {CHUNK}", [*params, after], prepare=False)
        .fetchall()
    ):
        chunk = [Row(*row) for row in rows]
        yield chunk
        after = chunk[-1].seq


def entries(ids: Collection[UUID]) -> dict[UUID, EntryFields]:
    """The entries of those ids that exist."""
    query = f"SELECT {', '.join(EntryFields.__slots__)} FROM ledger_entry WHERE id = ANY(%s)"
    return {row[0]: EntryFields(*row) for row in cursor().execute(query, [list(ids)])}


def postings(seqs: Collection[int]) -> dict[int, str]:
    """The canonical JSON of each event's postings, as `hashing.postings_text` writes it."""
    return dict(cursor().execute(_POSTINGS, [list(seqs)], prepare=False).fetchall())
