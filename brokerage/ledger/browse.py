"""Reading the book by hand: newest first, narrowed, in bounded steps; one entry with all it wrote.

For people only. Whoever must miss nothing reads `feed`, by position.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from . import blocks, known, numbering, seals, seams, store
from .models import Entry, Seal
from .registry import Audience, Recorded, kinds, open_to

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
    return sorted(kinds().keys() - open_to(audiences).keys())


class Line(NamedTuple):
    """One event, its entry, its position, and the number of that for its reader; None until it is sealed."""

    event: Recorded
    entry: Entry
    position: int | None
    number: int | None


class Page(NamedTuple):
    """Lines newest first, and the reference of the event to go on before; None at the beginning."""

    lines: list[Line]
    before: str | None


def newest(wanted: Filter, *, before: str | None = None, limit: int = 50) -> Page:
    """Up to `limit` events older than the one `before` refers to, newest first.

    At most SPAN events are looked at; none for a `before` that the reader may not see.
    """
    withheld = hidden(wanted.audiences)
    top = _LAST
    if before:
        found = event(before, wanted.audiences)
        top = found.seq if found else 0
    highest = _seq("SELECT max(seq) FROM ledger_event WHERE seq < %s AND NOT kind = ANY(%s)", top, withheld)
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
                "hidden": withheld,
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
    lines = _lines([store.recorded(row, postings.get(row[0], ())) for row in rows], wanted.audiences)
    if len(rows) == limit:
        return Page(lines, lines[-1].event.reference)
    return Page(lines, _lowest(floor, withheld) if floor else None)


def entry_lines(entry: UUID, audiences: frozenset[Audience] = OPEN) -> list[Line]:
    """The events of an entry for these audiences, in order, with postings and positions.

    Empty for an entry that does not exist, or of which the reader may see nothing.
    """
    found = store.read("e.entry = %s AND NOT e.kind = ANY(%s)", [entry, hidden(audiences)])
    return _lines(found, audiences)


def event(reference: str, audiences: frozenset[Audience] = OPEN) -> Recorded | None:
    """The event of a lasting name, stream@version, if the reader may see it."""
    stream, _, version = reference.partition("@")
    condition = "e.stream = %s AND e.version = %s AND NOT e.kind = ANY(%s)"
    found = store.read(condition, [UUID(stream), int(version), hidden(audiences)])
    return found[0] if found else None


def sealed_up_to(audiences: frozenset[Audience]) -> int:
    """The number of the last sealed event, as a reader of these audiences counts."""
    last = known.last_position()
    return last if Audience.RESTRICTED in audiences else numbering.number(last)


def seal_of(position: int) -> Seal:
    """The seal whose block holds a sealed position."""
    return Seal.objects.filter(first_position__lte=position).order_by("-first_position")[0]


def span_of(seal: Seal, audiences: frozenset[Audience] = OPEN) -> tuple[int, int]:
    """The first number and how many events of a seal's block, as a reader of these audiences counts."""
    if Audience.RESTRICTED in audiences:
        return seal.first_position, seal.count
    before = seal.first_position - 1
    told = numbering.numbers([before, before + seal.count])
    return told[before] + 1, told[before + seal.count] - told[before]


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


def _lines(events: Sequence[Recorded], audiences: frozenset[Audience]) -> list[Line]:
    entries = Entry.objects.in_bulk({event.entry for event in events})
    positions = _positions([event.seq for event in events])
    told: dict[int, int] = {each: each for each in positions.values()}
    if Audience.RESTRICTED not in audiences:
        told = numbering.numbers(positions.values())
    return [
        Line(event, entries[event.entry], position, None if position is None else told[position])
        for event in events
        for position in [positions.get(event.seq)]
    ]


def _lowest(floor: int, withheld: list[str]) -> str | None:
    """The reference of the oldest event above a seq, if another is below; of those the reader may see."""
    rows = (
        store.cursor()
        .execute(
            "(SELECT stream, version, seq FROM ledger_event WHERE seq > %(floor)s"
            " AND NOT kind = ANY(%(hidden)s) ORDER BY seq LIMIT 1) UNION ALL"
            " (SELECT stream, version, seq FROM ledger_event WHERE seq <= %(floor)s"
            " AND NOT kind = ANY(%(hidden)s) ORDER BY seq DESC LIMIT 1)",
            {"floor": floor, "hidden": withheld},
        )
        .fetchall()
    )
    above, below = ([row for row in rows if (row[2] > floor) is side] for side in (True, False))
    return f"{above[0][0]}@{above[0][1]}" if above and below else None


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


def _seq(query: str, *params: int | list[str]) -> int | None:
    row = store.cursor().execute(query, params).fetchone()
    return row[0] if row else None
