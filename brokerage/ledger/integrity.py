"""Verification: every hash, chain, root, seal and sum is computed again from the rows; what differs is named.

Reads under one snapshot, in order of position, in chunks: memory does not grow with the book. The
book proves itself up to the key that signs seals; an exported copy of the seals proves the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from uuid import UUID

from . import blocks, codec, crosschecks, export, forensics, hashing, reading, seals
from .blocks import Seal
from .crosschecks import Finding
from .reading import Row

Progress = Callable[[int], None]


def verify(
    *, exported: Path | None = None, limit: int = 10_000, progress: Progress | None = None
) -> list[Finding]:
    """What is wrong with the book, at most `limit` findings; an empty list means that it is sound.

    `exported` is a file of `ledger export` kept off the database: only it can show that seals were
    rewritten or removed by someone who holds the key. `progress` is told how many more events
    were checked.
    """
    with reading.one_snapshot():
        found = chain(
            _seal_chain(),
            _blocks(progress or _silent),
            _unsealed(progress or _silent),
            _strays(),
            crosschecks.findings(),
            _exported(exported) if exported else (),
        )
        return list(islice(found, limit))


def verify_entry(entry: UUID, positions: Sequence[int]) -> list[Finding]:
    """What is wrong with the events of one entry, or with the seals that cover these positions of it."""
    rows = [row for chunk in reading.selected("e.entry = %s", [entry]) for row in chunk]
    covering = {seal.first_position: (seal, before) for seal, before in map(_covering, positions)}
    sealed = chain.from_iterable(_sealed(seal, before) for seal, before in covering.values())
    return [*_events(rows), *sealed]


def _covering(position: int) -> tuple[Seal, Seal | None]:
    fields = ", ".join(blocks.SEAL)
    query = f"SELECT {fields} FROM ledger_seal WHERE first_position <= %s ORDER BY 1 DESC LIMIT 2"
    seal, *before = (Seal(*row) for row in reading.cursor().execute(query, [position]))
    return seal, before[0] if before else None


def _sealed(seal: Seal, before: Seal | None) -> Iterator[Finding]:
    if wrong := "; ".join(blocks.faults(seal, before, reading.epochs())):
        yield _seal_finding(seal.first_position, wrong)
    yield from _block(seal, reading.members([seal])[seal.first_position], forensics.Budget())


def _silent(_: int) -> None:
    """Nobody watches."""


def _seal_chain() -> Iterator[Finding]:
    """Each seal's own fields, its signature, its link and the places it takes."""
    epochs = reading.epochs()
    last: Seal | None = None
    for seal in reading.stored_seals():
        if wrong := "; ".join(blocks.faults(seal, last, epochs)):
            yield _seal_finding(seal.first_position, wrong)
        last = seal


def _blocks(progress: Progress) -> Iterator[Finding]:
    """The events of each seal against its count and Merkle root, and each event against its hash."""
    budget = forensics.Budget()
    for chunk in reading.chunks():
        members = reading.members(chunk)
        yield from _events([row for rows in members.values() for row in rows])
        for seal in chunk:
            yield from _block(seal, members[seal.first_position], budget)
        progress(sum(len(rows) for rows in members.values()))


def _block(seal: Seal, rows: Sequence[Row], budget: forensics.Budget) -> Iterator[Finding]:
    if len(rows) != seal.count:
        wrong = f"covers {len(rows)} events; {seal.count} were sealed"
    elif hashing.merkle_root([forensics.leaf(row) for row in rows]) != seal.root:
        places = f"positions {seal.first_position} to {seal.last_position}"
        wrong = f"the seq, xid or hash of an event at {places} is not what was sealed"
    else:
        return
    yield _seal_finding(seal.first_position, wrong)
    if row := forensics.moved(seal, rows, budget):
        yield _event_finding(row.stream, row.version, row.seq, "its seq or xid is not what was sealed")


def _events(rows: Sequence[Row]) -> Iterator[Finding]:
    """Each event against its hash, its entry, its postings and its predecessor."""
    found = reading.entries({row.entry for row in rows})
    entries = {key: entry.digest() for key, entry in found.items()}
    postings = reading.postings([row.seq for row in rows])
    for row in rows:
        if wrong := _event_fault(row, entries.get(row.entry), postings.get(row.seq, "[]")):
            yield _event_finding(row.stream, row.version, row.seq, wrong)


def _seal_finding(first_position: int, what: str) -> Finding:
    return Finding("ledger_seal", f"first_position {first_position}", what)


def _event_finding(stream: UUID, version: int, seq: int, what: str) -> Finding:
    return Finding("ledger_event", f"{stream}@{version} (seq {seq})", what)


def _event_fault(row: Row, entry: bytes | None, postings: str) -> str | None:
    if entry is None:
        return f"its entry {row.entry} is missing"
    if row.previous_hash is None and row.version > 1:
        return f"the event before it, version {row.version - 1} of the stream, is missing"
    if row.previous_seq is not None and row.previous_seq >= row.seq:
        return "comes before the event it follows; seqs were exchanged"
    expected = hashing.event_hash(
        previous=row.previous_hash or hashing.GENESIS,
        entry=entry,
        stream=row.stream,
        version=row.version,
        kind=row.kind,
        schema=row.schema,
        data=codec.dumps(row.data),
        owner=row.owner,
        effective_at=row.effective_at,
        postings=postings,
    )
    if expected != row.hash:
        return (
            f"does not match its hash: this row, its entry {row.entry}, one of its postings"
            " or the hash of the event before it was changed"
        )
    return None


def _unsealed(progress: Progress) -> Iterator[Finding]:
    """The events that wait for the next seal: their hashes and chains hold already."""
    for rows in reading.selected(*seals.unsealed()):
        yield from _events(rows)
        progress(len(rows))


def _strays() -> Iterator[Finding]:
    """Events that no seal covers and none will: rows slipped in behind the sealer."""
    condition, params = seals.unsealed()
    counts = reading.cursor().execute(
        "SELECT (SELECT count(*) FROM ledger_event), (SELECT coalesce(sum(count), 0) FROM ledger_seal),"
        f" (SELECT count(*) FROM ledger_event e WHERE {condition})",
        params,
    )
    stored, sealed, waiting = counts.fetchone() or (0, 0, 0)
    if stored == sealed + waiting:
        return
    rows = reading.cursor().execute(
        "SELECT e.stream, e.version, e.seq FROM ledger_event e WHERE NOT"
        f" EXISTS (SELECT FROM ledger_seal s WHERE {blocks.MEMBER}) AND NOT ({condition})",
        params,
    )
    for stream, version, seq in rows:
        yield _event_finding(stream, version, seq, "is covered by no seal")


def _exported(path: Path) -> Iterator[Finding]:
    """The seals in the database against the copy kept elsewhere."""
    query = "SELECT first_position, digest FROM ledger_seal WHERE first_position = ANY(%s)"
    for batch in export.seal_batches(path):
        stored: dict[int, bytes] = dict(reading.cursor().execute(query, [list(batch)]).fetchall())
        for position, digest in batch.items():
            if position not in stored:
                yield _seal_finding(position, "was exported and is gone")
            elif stored[position] != digest:
                yield _seal_finding(position, "is not the seal that was exported")
