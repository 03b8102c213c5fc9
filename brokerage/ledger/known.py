"""Which events were known at a sealed position: the second axis of time."""

from typing import Any, NamedTuple

from . import store
from .refusal import Refused


class UnknownPosition(Refused):
    """The position is not sealed yet, or not a position at all."""

    code = "ledger.unknown-position"


class Known(NamedTuple):
    """A position and the SQL condition on `e` (ledger_event) that holds for what was known at it."""

    position: int
    condition: str
    params: list[Any]


EVERYTHING = Known(2**62, "true", [])
NOTHING = Known(0, "false", [])

_BLOCK = """
    SELECT s.first_position, s.count, s.xid_from, s.xid_until, s.seq_from, s.seq_until, s.open_seq,
           p.after_seq
    FROM ledger_seal s JOIN ledger_epoch p ON p.number = s.epoch
    WHERE s.first_position <= %s ORDER BY s.first_position DESC LIMIT 1
"""
_MEMBER = """
    SELECT e.seq FROM ledger_event e
    WHERE e.seq BETWEEN %s AND %s AND e.seq > %s AND ((e.xid >= %s AND e.xid < %s) OR e.seq > %s)
    ORDER BY e.seq OFFSET %s LIMIT 1
"""


def last_position() -> int:
    """The greatest sealed position; 0 when nothing is sealed."""
    row = (
        store.cursor()
        .execute("SELECT first_position + count - 1 FROM ledger_seal ORDER BY first_position DESC LIMIT 1")
        .fetchone()
    )
    return row[0] if row else 0


def known_at(position: int | None) -> Known:
    """What was known at a sealed position; None means everything committed by now.

    Raises UnknownPosition for a position that is negative or not sealed.
    """
    if position is None:
        return EVERYTHING
    if position == 0:
        return NOTHING
    block = store.cursor().execute(_BLOCK, [position]).fetchone()
    if position < 0 or block is None or position >= block[0] + block[1]:
        raise UnknownPosition(
            "Use a position the ledger has sealed.", position=position, last=last_position()
        )
    first, _, xid_from, xid_until, seq_from, seq_until, open_seq, after_seq = block
    member = [seq_from, seq_until, after_seq, xid_from, xid_until, open_seq, position - first]
    row = store.cursor().execute(_MEMBER, member).fetchone()
    if row is None:
        raise UnknownPosition(
            "The seal of this position has lost events; run ledger verify.", position=position
        )
    if open_seq is not None:
        condition = "(e.seq <= %s OR e.seq <= %s OR (e.seq <= %s AND e.xid < %s))"
        return Known(position, condition, [after_seq, row[0], open_seq, xid_from])
    condition = "(e.seq <= %s OR e.xid < %s OR (e.xid < %s AND e.seq <= %s))"
    return Known(position, condition, [after_seq, xid_from, xid_until, row[0]])
