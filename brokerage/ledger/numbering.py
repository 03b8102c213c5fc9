"""Positions as they are told to readers who may not see restricted events: numbered without gaps for them.

A gap in the positions would tell such a reader that a restricted event exists, and when it came. So the
sealer notes the positions it gives to restricted events, and to everybody else an event's number is its
position less those noted before it. Nothing inside the product counts this way: only edges do.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from . import known, store
from .registry import Audience, kinds


def number(position: int) -> int:
    """How many events up to a sealed position are open to all readers: the number of the last of them."""
    return numbers([position])[position]


def numbers(positions: Iterable[int]) -> dict[int, int]:
    """The number of each of these positions, by position."""
    wanted = sorted(set(positions))
    if not wanted:
        return {}
    rows = store.cursor().execute(
        "SELECT position, shown FROM ledger_withheld WHERE position <= %s"
        " AND position >= (SELECT coalesce(max(position), 0) FROM ledger_withheld WHERE position <= %s)"
        " ORDER BY position",
        [wanted[-1], wanted[0]],
    )
    noted = rows.fetchall()
    at = [row[0] for row in noted]
    told = {}
    for position in wanted:
        index = bisect_right(at, position) - 1
        before = 0 if index < 0 else at[index] - noted[index][1]
        told[position] = position - before
    return told


def position(number: int) -> int:
    """The position of the event of that number; 0 for 0. Raises UnknownPosition beyond the last one sealed.

    A reader who has seen that number goes on behind that position.
    """
    last = known.last_position()
    found = number + _withheld_below(number)
    if number < 0 or found > last:
        raise known.UnknownPosition("Use a position the ledger has sealed.", position=number)
    return found


def withhold(first: int, sealed: Sequence[str]) -> None:
    """Note the restricted ones among the kinds of a block's events, whose first position is `first`."""
    restricted = {name for name, kind in kinds().items() if kind.audience is Audience.RESTRICTED}
    hidden = [first + rank for rank, kind in enumerate(sealed) if kind in restricted]
    if not hidden:
        return
    row = store.cursor().execute("SELECT count(*) FROM ledger_withheld").fetchone()
    before = row[0] if row else 0
    noted = [(position, position - before - ordinal) for ordinal, position in enumerate(hidden, 1)]
    store.cursor().executemany("INSERT INTO ledger_withheld (position, shown) VALUES (%s, %s)", noted)


def _withheld_below(number: int) -> int:
    row = store.cursor().execute("SELECT count(*) FROM ledger_withheld WHERE shown < %s", [number]).fetchone()
    return row[0] if row else 0
