"""Reads of the book: balances now, as of a time and as known at a position; events of a stream."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from . import store
from .chart import Account, Role
from .entry import Source
from .known import known_at as what_was_known
from .registry import Recorded, kind_of

Balances = dict[tuple[Role, str], Decimal]
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


def balances(owner: UUID) -> Balances:
    """The current balance of every eager account of an owner, zero balances included."""
    return balances_of([owner])[owner]


def balances_of(owners: Sequence[UUID]) -> dict[UUID, Balances]:
    """`balances` of many owners in one read; an owner without accounts maps to an empty dict."""
    found: dict[UUID, Balances] = {owner: {} for owner in owners}
    rows = store.cursor().execute(
        "SELECT owner, role, asset, amount FROM ledger_balance WHERE owner = ANY(%s)", [list(owners)]
    )
    for owner, role, asset, amount in rows:
        found[owner][Role(role), asset] = amount
    return found


_AS_OF = """
    WITH run AS (
        SELECT number, floor FROM ledger_snapshot_run
        WHERE cutoff <= %(as_of)s AND position <= %(position)s ORDER BY number DESC LIMIT 1
    ), start AS (
        SELECT coalesce((SELECT number FROM run), 0) AS number, coalesce((SELECT floor FROM run), 0) AS floor
    ), segment AS (
        SELECT r.previous_floor AS low, r.floor AS high FROM ledger_snapshot_run r
        WHERE r.number > (SELECT number FROM start) AND r.min_effective <= %(as_of)s
        UNION ALL
        SELECT coalesce(max(r.floor), 0), 9223372036854775807 FROM ledger_snapshot_run r
    )
    SELECT a.owner, a.role, a.asset, coalesce(base.amount, 0) + coalesce(later.amount, 0)
    FROM ledger_account a
    LEFT JOIN LATERAL (
        SELECT s.amount FROM ledger_snapshot s
        WHERE s.account = a.id AND s.run <= (SELECT number FROM start) ORDER BY s.run DESC LIMIT 1
    ) base ON true
    LEFT JOIN LATERAL (
        -- A sum for each segment keeps the planner to the few postings inside it.
        SELECT sum(part.amount) AS amount FROM segment CROSS JOIN LATERAL (
            SELECT sum(p.amount) AS amount FROM ledger_posting p JOIN ledger_event e ON e.seq = p.event
            WHERE p.account = a.id AND p.event > segment.low AND p.event <= segment.high
                AND e.effective_at <= %(as_of)s AND {known}
        ) part
    ) later ON true
    WHERE a.owner = ANY(%(owners)s) AND {wanted}
"""


def balances_as_of(owner: UUID, *, as_of: datetime | None = None, known_at: int | None = None) -> Balances:
    """Every account of an owner (firm and custodians too) by business time and by knowledge.

    `as_of` counts what was effective up to that instant, None all of it; `known_at` counts what was
    sealed up to that position, None all that is committed. Raises UnknownPosition.
    """
    return balances_as_of_many([owner], as_of=as_of, known_at=known_at)[owner]


def balances_as_of_many(
    owners: Sequence[UUID], *, as_of: datetime | None = None, known_at: int | None = None
) -> dict[UUID, Balances]:
    """`balances_as_of` of many owners in one read; an owner without accounts maps to an empty dict."""
    return _as_of(owners, "true", {}, as_of, known_at)


def balance(account: Account, *, as_of: datetime | None = None, known_at: int | None = None) -> Decimal:
    """The balance of one account, zero if it was never opened; see `balances_as_of`."""
    if account.role.eager and as_of is None and known_at is None:
        return balances(account.owner).get((account.role, account.asset), Decimal(0))
    wanted = {"role": account.role.value, "asset": account.asset}
    condition = "a.role = %(role)s AND a.asset = %(asset)s"
    found = _as_of([account.owner], condition, wanted, as_of, known_at)[account.owner]
    return found.get((account.role, account.asset), Decimal(0))


def _as_of(
    owners: Sequence[UUID],
    wanted: str,
    params: dict[str, Any],
    as_of: datetime | None,
    known_at: int | None,
) -> dict[UUID, Balances]:
    found: dict[UUID, Balances] = {owner: {} for owner in owners}
    known = what_was_known(known_at)
    names = [f"known{index}" for index in range(len(known.params))]
    condition = known.condition % tuple(f"%({name})s" for name in names)
    rows = store.cursor().execute(
        _AS_OF.format(known=condition, wanted=wanted),
        {
            "owners": list(owners),
            "as_of": as_of or FOREVER,
            "position": known.position,
            **dict(zip(names, known.params, strict=True)),
            **params,
        },
    )
    for owner, role, asset, amount in rows:
        found[owner][Role(role), asset] = amount
    return found


def events(stream: UUID, after_version: int = 0) -> list[Recorded]:
    """The events of a stream, in order, after a version."""
    return store.read("e.stream = %s AND e.version > %s", [stream, after_version], order="e.version")


def latest_events(kind: type, streams: Sequence[UUID], *, as_of: datetime) -> dict[UUID, Recorded]:
    """Each stream's newest event of a class, of those effective up to an instant; absent if none."""
    newest = (
        "e.seq IN (SELECT DISTINCT ON (n.stream) n.seq FROM ledger_event n WHERE n.stream = ANY(%s)"
        " AND n.kind = %s AND n.effective_at <= %s ORDER BY n.stream, n.version DESC)"
    )
    return {each.stream: each for each in store.read(newest, [list(streams), kind_of(kind).name, as_of])}


def version(stream: UUID) -> int:
    """The version of a stream's newest event; 0 for a stream without events."""
    newest = "SELECT version FROM ledger_event WHERE stream = %s ORDER BY version DESC LIMIT 1"
    row = store.cursor().execute(newest, [stream]).fetchone()
    return row[0] if row else 0


def maker_of(entry: UUID) -> UUID | None:
    """The person behind an entry; None for one of the house or of a job."""
    row = store.cursor().execute("SELECT maker FROM ledger_entry WHERE id = %s", [entry]).fetchone()
    return row[0] if row else None


def source_of(entry: UUID) -> Source | None:
    """The edge that an entry came through; None for an unknown entry."""
    row = store.cursor().execute("SELECT source FROM ledger_entry WHERE id = %s", [entry]).fetchone()
    return Source(row[0]) if row else None


def references(entry: UUID) -> list[tuple[str, str]]:
    """The lasting names of the events that an entry wrote, each with its kind, in order."""
    written = "SELECT stream || '@' || version, kind FROM ledger_event WHERE entry = %s ORDER BY seq"
    return store.cursor().execute(written, [entry]).fetchall()


_LAST_MOVES = """
    SELECT a.owner, max(e.effective_at) FROM ledger_account a JOIN ledger_posting p ON p.account = a.id
    JOIN ledger_event e ON e.seq = p.event JOIN ledger_entry n ON n.id = e.entry
    WHERE a.owner = ANY(%s) AND n.source <> 'job' GROUP BY a.owner
"""


def last_moves(owners: Sequence[UUID]) -> dict[UUID, datetime]:
    """When a person, not a job, last moved value of each owner; an owner without such a move is absent."""
    return dict(store.cursor().execute(_LAST_MOVES, [list(owners)]).fetchall())


def events_since(
    kinds: Sequence[type], streams: Sequence[UUID], since: datetime
) -> dict[UUID, list[Recorded]]:
    """Each stream's events of these classes effective after an instant, in order; none for a quiet stream."""
    names = [kind_of(kind).name for kind in kinds]
    wanted = "e.stream = ANY(%s) AND e.kind = ANY(%s) AND e.effective_at > %s"
    found: dict[UUID, list[Recorded]] = {}
    for each in store.read(wanted, [list(streams), names, since], order="e.stream, e.version"):
        found.setdefault(each.stream, []).append(each)
    return found
