"""Which event of a broken block was moved: the search for the one edit that explains its Merkle root.

An event's hash does not cover its seq and xid, only the block's root does. For a single edit of
either, putting the old value back restores the sealed root, and there are few values it can have
had: those of the block's window. The search stops when its budget of hashes is used up; the block
itself is named in any case.
"""

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from . import hashing, reading
from .blocks import Seal
from .reading import Row

_WORD = 2**64 - 1
_STRANGERS = 1000
_BESIDE = 100


@dataclass
class Budget:
    """How many more hashes may be spent on explanations."""

    hashes: int = 2_000_000


def leaf(row: Row) -> bytes:
    """The Merkle leaf of a stored event, whatever numbers it holds."""
    return hashing.leaf(event=row.hash, seq=row.seq & _WORD, xid=row.xid & _WORD)


def moved(seal: Seal, rows: Sequence[Row], budget: Budget) -> Row | None:
    """The stored event whose seq or xid was edited so that the block no longer fits its seal, if found."""
    leaves = [(row.seq, leaf(row)) for row in rows]
    for row, explained in _explanations(_narrowed(seal, rows), rows, leaves):
        budget.hashes -= len(explained)
        if budget.hashes < 0:
            return None
        if len(explained) == seal.count and hashing.merkle_root(explained) == seal.root:
            return row
    return None


def _narrowed(seal: Seal, rows: Sequence[Row]) -> Seal:
    """The seal with a window no wider than its events' transactions and some on either side."""
    xids = [row.xid for row in rows] or [seal.xid_from]
    return replace(
        seal,
        xid_from=max(seal.xid_from, min(xids) - _BESIDE),
        xid_until=min(seal.xid_until, max(xids) + _BESIDE),
    )


def _explanations(
    seal: Seal, rows: Sequence[Row], leaves: list[tuple[int, bytes]]
) -> Iterator[tuple[Row, list[bytes]]]:
    """Each event that may have been moved, with the leaves the block would have without the move."""
    if len(rows) < seal.count:
        for stranger in _strangers(seal):
            yield from _put_back(seal, stranger, leaves)
        return
    for index, row in enumerate(rows):
        others = leaves[:index] + leaves[index + 1 :]
        if len(rows) > seal.count:
            yield row, [each for _, each in others]
        else:
            yield from _put_back(seal, row, others)


def _put_back(seal: Seal, row: Row, others: list[tuple[int, bytes]]) -> Iterator[tuple[Row, list[bytes]]]:
    """The block with the event at each xid and each free seq of its window."""
    taken = {seq for seq, _ in others}
    variants = chain(
        (row._replace(xid=xid) for xid in range(seal.xid_from, seal.xid_until)),
        (row._replace(seq=seq) for seq in range(seal.seq_from, seal.seq_until + 1) if seq not in taken),
    )
    for variant in variants:
        place = bisect(others, (variant.seq, b""))
        block = [each for _, each in others]
        yield row, [*block[:place], leaf(variant), *block[place:]]


def _strangers(seal: Seal) -> list[Row]:
    """Events that share the block's seqs or its transactions, but not both."""
    condition = "(e.seq BETWEEN %s AND %s) <> (e.xid >= %s AND e.xid < %s)"
    bounds = [seal.seq_from, seal.seq_until, seal.xid_from, seal.xid_until]
    return next(reading.selected(condition, bounds), [])[:_STRANGERS]
