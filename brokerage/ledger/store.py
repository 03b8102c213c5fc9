"""The only writer and the basic reader of the book: raw SQL, one round trip an append."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.rows import TupleRow, tuple_row
from psycopg.types.json import JsonbLoader

from . import codec, hashing, registry
from .chart import Account, Posting, Role
from .refusal import Refused
from .registry import Recorded
from .rows import array, chain, event_columns, posting_columns


class InsufficientBalance(Refused):
    """An account would have gone to the wrong side of zero."""

    code = "ledger.insufficient-balance"


class Unbalanced(Refused):
    """The postings of an event do not sum to zero in each asset."""

    code = "ledger.unbalanced"


class UnopenedAccount(Refused):
    """A posting names an account that was never opened."""

    code = "ledger.unopened-account"


class PostedTwice(Refused):
    """An event posts to the same account more than once."""

    code = "ledger.posted-twice"


class WritersAtWork(Refused):
    """A transaction kept the book open for too long; nothing was done."""

    code = "ledger.writers-at-work"


class Head(NamedTuple):
    """The newest event of a stream: its version and hash."""

    version: int
    hash: bytes


class Draft(NamedTuple):
    """An event about to be appended."""

    stream: UUID
    event: Any
    owner: UUID | None
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class EntryFields:
    """The columns of an entry, all of them covered by the hash of each of its events."""

    id: UUID
    key: str
    fingerprint: bytes
    command: str
    actor: str
    source: str
    maker: UUID | None
    checker: UUID | None
    proposal: UUID | None
    effective_at: datetime
    recorded_at: datetime
    result: Any
    correlation: UUID | None
    causation: UUID | None

    def digest(self) -> bytes:
        """SHA-256 of the canonical JSON of all fields."""
        return hashing.entry_digest({name: getattr(self, name) for name in self.__slots__})


def cursor(using: str = DEFAULT_DB_ALIAS) -> psycopg.Cursor[TupleRow]:
    """A plain psycopg cursor on Django's connection: same transaction, prepared statements, JSON decoded."""
    wrapper = connections[using]
    wrapper.ensure_connection()
    made = psycopg.Cursor(wrapper.connection, row_factory=tuple_row)
    made.adapters.register_loader("jsonb", JsonbLoader)  # Django's connections hand JSON out as text
    return made


def begin(key: str) -> tuple[UUID, bytes, Any] | None:
    """Take the idempotency key for this transaction; the earlier entry (id, fingerprint, result) if any."""
    row = cursor().execute("SELECT * FROM ledger_begin(%s)", [key]).fetchone()
    return None if row is None else (row[0], bytes(row[1]), row[2])


def lock(streams: Iterable[UUID]) -> dict[UUID, Head]:
    """Lock streams until the transaction ends, in one global order; the heads of those that have events."""
    rows = cursor().execute("SELECT * FROM ledger_lock(%s::uuid[])", [array(map(str, set(streams)))])
    return {stream: Head(version, bytes(digest)) for stream, version, digest in rows}


WAIT_FOR_WRITERS = "60s"


def hold_writers() -> None:
    """Let the appends at work finish and keep new ones waiting until the transaction ends.

    Needs the schema owner's rights. The entry table is locked as well: every append writes there before
    it draws its seqs. Raises WritersAtWork when a transaction goes on for longer than WAIT_FOR_WRITERS.
    """
    cursor().execute("SELECT set_config('lock_timeout', %s, true)", [WAIT_FOR_WRITERS])
    try:
        cursor().execute("LOCK TABLE ledger_entry, ledger_event IN SHARE ROW EXCLUSIVE MODE")
    except psycopg.errors.LockNotAvailable as error:
        raise WritersAtWork(
            "A transaction still writes to the book; end it, or stop the workers, and run this again.",
            waited=WAIT_FOR_WRITERS,
        ) from error


def unopened(accounts: Iterable[Account]) -> list[Account]:
    """Those of the accounts that do not exist yet, in a fixed order."""
    wanted = sorted(set(accounts))
    rows = cursor().execute(
        "SELECT a.owner, a.role, a.asset FROM ledger_account a JOIN"
        " unnest(%s::uuid[], %s::text[], %s::text[]) w(owner, role, asset) USING (owner, role, asset)",
        [[a.owner for a in wanted], [a.role.value for a in wanted], [a.asset for a in wanted]],
    )
    known = {Account(owner, Role(role), asset) for owner, role, asset in rows}
    return [account for account in wanted if account not in known]


def open_accounts(accounts: Sequence[Account]) -> None:
    """Insert accounts, with a zero balance row for those summed eagerly."""
    roles = [account.role for account in accounts]
    cursor().execute(
        "SELECT ledger_open(%s::uuid[], %s::text[], %s::text[], %s::smallint[], %s::boolean[])",
        [
            [account.owner for account in accounts],
            [role.value for role in roles],
            [account.asset for account in accounts],
            [role.side for role in roles],
            [role.eager for role in roles],
        ],
    )


def append(entry: EntryFields, drafts: Sequence[Draft], heads: dict[UUID, Head]) -> list[Recorded]:
    """Write one entry with its events, chained to `heads` of their locked streams, and its postings.

    Raises InsufficientBalance, Unbalanced, PostedTwice or UnopenedAccount; the caller's transaction
    then rolls back.
    """
    chained = chain(entry.digest(), entry.effective_at, drafts, heads)
    try:
        row = (
            cursor()
            .execute(
                _APPEND,
                [
                    *(getattr(entry, name) for name in _ENTRY_BEFORE_RESULT),
                    codec.canonical(entry.result),
                    entry.correlation,
                    entry.causation,
                    *event_columns(chained),
                    *posting_columns([draft.postings for draft in drafts]),
                ],
            )
            .fetchone()
        )
    except psycopg.IntegrityError as error:
        raise _refusal(error) from error
    if row is None or row[0] is None:
        accounts = sorted({str(posting.account) for draft in drafts for posting in draft.postings})
        raise UnopenedAccount("Open every account before posting to it.", accounts=accounts)
    return [
        Recorded(
            seq,
            entry.id,
            c.stream,
            c.version,
            c.kind,
            c.schema,
            draft.event,
            c.owner,
            entry.effective_at,
            c.hash,
            draft.postings,
        )
        for seq, c, draft in zip(row[0], chained, drafts, strict=True)
    ]


_ENTRY_BEFORE_RESULT = EntryFields.__slots__[: EntryFields.__slots__.index("result")]
_APPEND = (
    f"SELECT ledger_append({', '.join(['%s'] * 14)},"
    " %s::uuid[], %s::integer[], %s::text[], %s::smallint[], %s::text[], %s::uuid[], %s::bytea[],"
    " %s::integer[], %s::uuid[], %s::text[], %s::text[], %s::numeric[])"
)


def _refusal(error: psycopg.IntegrityError) -> Refused:
    if error.diag.constraint_name == "ledger_posting_pkey":
        return PostedTwice("Post to each account once an event: add its postings up first.")
    if error.diag.constraint_name == "ledger_posting_zero_sum":
        return Unbalanced("The postings of an event must sum to zero in each asset.")
    if error.diag.constraint_name == "ledger_balance_side":
        return InsufficientBalance("The balance does not cover this; nothing was moved.")
    raise error


COLUMNS = "e.seq, e.entry, e.stream, e.version, e.kind, e.schema, e.data, e.owner, e.effective_at, e.hash"


def read(where: str, params: Sequence[Any], order: str = "e.seq") -> list[Recorded]:
    """Events selected by a fixed SQL condition on `e`, with their postings, upcast to today's classes."""
    query = f"SELECT {COLUMNS} FROM ledger_event e WHERE {where} ORDER BY {order}"
    rows = cursor().execute(query, params).fetchall()
    postings = read_postings([row[0] for row in rows])
    return [recorded(row, postings.get(row[0], ())) for row in rows]


def recorded(row: Sequence[Any], postings: tuple[Posting, ...], position: int | None = None) -> Recorded:
    """One row of COLUMNS as Recorded."""
    seq, entry, stream, version, kind, schema, data, owner, effective_at, digest = row
    event = registry.read(kind, schema, data)
    return Recorded(
        seq,
        entry,
        stream,
        version,
        kind,
        schema,
        event,
        owner,
        effective_at,
        bytes(digest),
        postings,
        position,
    )


def read_postings(seqs: Sequence[int]) -> dict[int, tuple[Posting, ...]]:
    """The postings of each of the events, sorted by account."""
    rows = cursor().execute(
        "SELECT p.event, a.owner, a.role, a.asset, p.amount FROM ledger_posting p"
        " JOIN ledger_account a ON a.id = p.account WHERE p.event = ANY(%s)"
        " ORDER BY p.event, a.owner, a.role, a.asset",
        [list(seqs)],
    )
    found: dict[int, list[Posting]] = {}
    for seq, owner, role, asset, amount in rows:
        found.setdefault(seq, []).append(Posting(Account(owner, Role(role), asset), amount))
    return {seq: tuple(items) for seq, items in found.items()}


def note_refusal(columns: Sequence[Any], evidence: dict[str, Any]) -> None:
    """Record that a command was refused; `columns` in the order of the INSERT below."""
    cursor().execute(
        "INSERT INTO ledger_refusal"
        " (key, command, actor, source, code, message, effective_at, refused_at, evidence)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)",
        [*columns, json.dumps({key: str(value) for key, value in evidence.items()}, sort_keys=True)],
    )
