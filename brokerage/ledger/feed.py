"""The one order of the book: events by position, gapless, as sealed. Nothing else may read order."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from . import blocks, known, store
from .registry import Recorded

_SPAN = 65_536
_PAGE = f"""
    WITH page AS (
        SELECT e.seq, s.first_position - 1
            + row_number() OVER (PARTITION BY s.first_position ORDER BY e.seq) AS position
        FROM ledger_seal s JOIN ledger_event e ON {blocks.MEMBER}
        WHERE s.first_position BETWEEN %(after)s + 2 - {blocks.BLOCK} AND %(until)s
          AND s.first_position + s.count > %(after)s + 1
    )
    SELECT {store.COLUMNS}, page.position FROM page JOIN ledger_event e USING (seq)
    WHERE page.position > %(after)s AND page.position <= %(until)s
      AND (%(kinds)s::text[] IS NULL OR e.kind = ANY(%(kinds)s))
      AND (%(owner)s::uuid IS NULL OR e.owner = %(owner)s)
      AND (%(about)s::uuid[] IS NULL OR e.owner = ANY(%(about)s) OR e.stream = ANY(%(about)s))
    ORDER BY page.position LIMIT %(limit)s
"""

head = known.last_position


def read(
    after: int, limit: int = 500, *, kinds: Iterable[str] | None = None, owner: UUID | None = None
) -> list[Recorded]:
    """Up to `limit` sealed events after position `after`, in order, each with its position.

    `kinds` and `owner` narrow the answer. A list shorter than `limit` means that nothing else
    matched up to a `head()` read beforehand, so a narrow reader may move its cursor there.
    """
    wanted = sorted(kinds) if kinds is not None else None
    span = limit if wanted is None and owner is None else _SPAN
    last = head()
    rows: list[tuple[Any, ...]] = []
    while after < last and len(rows) < limit:
        until = min(after + span, last)
        rows += _rows(after, until, limit - len(rows), kinds=wanted, owner=owner)
        after = until
    return _recorded(rows)


class Page(NamedTuple):
    """Events in order, the position up to which the feed was looked through, and whether it goes on there."""

    events: list[Recorded]
    cursor: int
    has_more: bool


def page(
    after: int, limit: int, *, kinds: Iterable[str] | None = None, about: Iterable[UUID] | None = None
) -> Page:
    """One bounded step of a reader: at most `limit` events, and at most _SPAN positions looked through.

    `about` narrows to events whose owner or stream is one of these. Raises UnknownPosition for a
    position that is not sealed yet.
    """
    last = head()
    if after > last:
        raise known.UnknownPosition("Use a position the ledger has sealed.", position=after, last=last)
    until = min(after + _SPAN, last)
    wanted = sorted(kinds) if kinds is not None else None
    concerned = list(about) if about is not None else None
    rows = _rows(after, until, limit, kinds=wanted, about=concerned) if after < until else []
    cursor = rows[-1][-1] if len(rows) == limit else until
    return Page(_recorded(rows), cursor, cursor < last)


def _rows(after: int, until: int, limit: int, **narrow: Any) -> list[tuple[Any, ...]]:
    window = {"after": after, "until": until, "limit": limit, "kinds": None, "owner": None, "about": None}
    # Planned anew each time: a generic plan cannot know how narrow the ranges are.
    return store.cursor().execute(_PAGE, window | narrow, prepare=False).fetchall()


def _recorded(rows: list[tuple[Any, ...]]) -> list[Recorded]:
    postings = store.read_postings([row[0] for row in rows])
    return [store.recorded(row[:-1], postings.get(row[0], ()), row[-1]) for row in rows]
