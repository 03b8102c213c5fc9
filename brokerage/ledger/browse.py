"""Reading the book by hand: newest first, narrowed, in bounded steps; one entry with all it wrote.

For people only. Whoever must miss nothing reads `feed`, by position.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from . import blocks, seals, seams, store
from .models import Entry, Seal
from .registry import Audience, Recorded, kinds

OPEN = frozenset({Audience.CLIENT, Audience.STAFF})
SPAN = 100_000  # events looked through for one page, so that a rare kind cannot make a page slow
_LAST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show: events of a kind, stream or owner, of one idempotency key, effective up to `until`.

    `audiences` are those whose events the reader may see; by default all but restricted ones.
    """

    kind: str = ""
    stream: UUID | None = None
    owner: UUID | None = None
    key: str = ""
    until: datetime | None = None
    audiences: frozenset[Audience] = OPEN


def hidden(audiences: Collection[Audience]) -> list[str]:
    """The kinds of event that somebody with these audiences must not see, in order."""
    return sorted(name for name, kind in kinds().items() if kind.audience not in audiences)


class Line(NamedTuple):
    """One event, its entry and its position; the position is None until the event is sealed."""

    event: Recorded
    entry: Entry
    position: int | None


class Page(NamedTuple):
    """Lines newest first, and the seq to go on before; None at the beginning of the book."""

    lines: list[Line]
    before: int | None


def newest(wanted: Filter, *, before: int | None = None, limit: int = 50) -> Page:
    """Up to `limit` events older than seq `before`, newest first; at most SPAN events are looked at."""
    top = _LAST if before is None else before
    highest = _seq("SELECT max(seq) FROM ledger_event WHERE seq < %s", top)
    if highest is None:
        return Page([], None)
    floor = 0 if wanted.stream or wanted.key else max(highest - SPAN, 0)  # these two are indexed
    rows = (
        store.cursor()
        .execute(
            f"SELECT {store.COLUMNS} FROM ledger_event e WHERE e.seq < %(top)s AND e.seq > %(floor)s"
            " AND (%(kind)s = '' OR e.kind = %(kind)s) AND NOT e.kind = ANY(%(hidden)s)"
            " AND (%(stream)s::uuid IS NULL OR e.stream = %(stream)s)"
            " AND (%(owner)s::uuid IS NULL OR e.owner = %(owner)s)"
            " AND (%(key)s = '' OR e.entry = (SELECT id FROM ledger_entry WHERE key = %(key)s))"
            " AND (%(until)s::timestamptz IS NULL OR e.effective_at <= %(until)s)"
            " ORDER BY e.seq DESC LIMIT %(limit)s",
            {
                "top": top,
                "floor": floor,
                "kind": wanted.kind,
                "hidden": hidden(wanted.audiences),
                "stream": wanted.stream,
                "owner": wanted.owner,
                "key": wanted.key,
                "until": wanted.until,
                "limit": limit,
            },
            prepare=False,
        )
        .fetchall()
    )
    postings = store.read_postings([row[0] for row in rows])
    lines = _lines([store.recorded(row, postings.get(row[0], ())) for row in rows])
    if len(rows) == limit:
        return Page(lines, rows[-1][0])
    return Page(lines, floor + 1 if floor else None)


def entry_lines(entry: UUID, audiences: frozenset[Audience] = OPEN) -> list[Line]:
    """The events of an entry for these audiences, in order, with postings and positions.

    Empty for an entry that does not exist, or of which the reader may see nothing.
    """
    return _lines(store.read("e.entry = %s AND NOT e.kind = ANY(%s)", [entry, hidden(audiences)]))


def seal_of(position: int) -> Seal:
    """The seal whose block holds a sealed position."""
    return Seal.objects.filter(first_position__lte=position).order_by("-first_position")[0]


def seal_lag() -> timedelta:
    """The age of the oldest event no seal covers yet; zero when all are sealed."""
    last = seals.last_seal()
    row = (
        store.cursor()
        .execute(
            "SELECT min(n.recorded_at) FROM ledger_event e JOIN ledger_entry n ON n.id = e.entry"
            " WHERE e.xid >= %s",
            [last.xid_until if last else 0],
        )
        .fetchone()
    )
    return seams.now() - row[0] if row and row[0] else timedelta(0)


def _lines(events: Sequence[Recorded]) -> list[Line]:
    entries = Entry.objects.in_bulk({event.entry for event in events})
    positions = _positions([event.seq for event in events])
    return [Line(event, entries[event.entry], positions.get(event.seq)) for event in events]


def _positions(seqs: Sequence[int]) -> dict[int, int]:
    """The positions of those of the events that are sealed."""
    if not seqs:
        return {}
    rows = store.cursor().execute(
        f"""
        WITH block AS (
            SELECT * FROM ledger_seal WHERE seq_until >= %(low)s AND seq_from <= %(high)s
        ), ranked AS (
            SELECT e.seq, s.first_position - 1
                + row_number() OVER (PARTITION BY s.first_position ORDER BY e.seq) AS position
            FROM block s JOIN ledger_event e ON {blocks.MEMBER}
        )
        SELECT seq, position FROM ranked WHERE seq = ANY(%(seqs)s)
        """,
        {"low": min(seqs), "high": max(seqs), "seqs": list(seqs)},
        prepare=False,
    )
    return dict(rows.fetchall())


def _seq(query: str, *params: int) -> int | None:
    row = store.cursor().execute(query, params).fetchone()
    return row[0] if row else None
