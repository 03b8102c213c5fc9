"""The whole book as JSON lines, canonical and self-contained: docs/check_export.py checks it alone.

Line types: "epoch", "entry" (before its first event; it may come again later), "event" (in order of
position), "withheld" (a restricted event in its place: its hash and numbers, and nothing of what it
says) and "seal" (after the events it covers). Bytes are hexadecimal, amounts 18-place text, instants UTC.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from uuid import UUID

from . import codec, reading
from .blocks import SEAL, Seal
from .browse import OPEN, hidden
from .reading import Row
from .registry import Audience
from .store import EntryFields

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Secret:
    """The kinds that are withheld, and the hashes of the events that were so far."""

    kinds: frozenset[str]
    hashes: set[bytes] = field(default_factory=set)


def export(
    file: IO[str],
    *,
    until: int | None = None,
    audiences: frozenset[Audience] = OPEN,
    progress: Progress | None = None,
) -> int:
    """Write every sealed event up to the end of the block that holds position `until`; the last position.

    Without `until`, everything that is sealed. Events of other audiences than these are withheld, and
    the file can be checked all the same. `progress` is told how many more events were written.
    """
    secret = Secret(frozenset(hidden(audiences)))
    last = 0
    with reading.one_snapshot():
        for epoch in reading.epochs().values():
            file.write(codec.canonical({"type": "epoch", **epoch._asdict()}) + "\n")
        for chunk in reading.chunks():
            wanted = [seal for seal in chunk if until is None or seal.first_position <= until]
            if not wanted:
                break
            file.writelines(line + "\n" for line in _lines(wanted, secret))
            last = wanted[-1].last_position
            if progress:
                progress(sum(seal.count for seal in wanted))
    return last


def seal_batches(path: Path, size: int = 1000) -> Iterator[dict[int, bytes]]:
    """The seals of an export: digests by first position, in batches."""
    batch: dict[int, bytes] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["type"] == "seal":
                batch[record["first_position"]] = bytes.fromhex(record["digest"])
            if len(batch) == size:
                yield batch
                batch = {}
    yield batch


def _lines(chunk: Sequence[Seal], secret: Secret) -> Iterator[str]:
    members = reading.members(chunk)
    rows = [row for block in members.values() for row in block]
    entries = reading.entries({row.entry for row in rows})
    postings = reading.postings([row.seq for row in rows])
    written: set[UUID] = set()
    for seal in chunk:
        for position, row in enumerate(members[seal.first_position], seal.first_position):
            if row.kind in secret.kinds:
                secret.hashes.add(bytes(row.hash))
                yield _withheld(position, row)
                continue
            if row.entry not in written:
                written.add(row.entry)
                yield _entry(entries[row.entry])
            yield _event(position, row, postings.get(row.seq, "[]"), secret)
        yield codec.canonical({"type": "seal", **{name: getattr(seal, name) for name in SEAL}})


def _entry(entry: EntryFields) -> str:
    fields = {name: getattr(entry, name) for name in EntryFields.__slots__}
    return codec.canonical({"type": "entry", **fields})


def _event(position: int, row: Row, postings: str, secret: Secret) -> str:
    """An event; behind a withheld one of its stream it names the hash it is chained to."""
    fields = row._asdict() | {"type": "event", "position": position, "postings": json.loads(postings)}
    del fields["previous_seq"], fields["previous_hash"]
    if row.previous_hash is not None and bytes(row.previous_hash) in secret.hashes:
        fields["previous"] = row.previous_hash
    return codec.canonical(fields)


def _withheld(position: int, row: Row) -> str:
    """As much of an event as its block's Merkle root needs."""
    shown = {"type": "withheld", "position": position, "seq": row.seq, "xid": row.xid, "hash": row.hash}
    return codec.canonical(shown)
