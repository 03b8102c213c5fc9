"""The whole book as JSON lines, canonical and self-contained: docs/check_export.py checks it alone.

Line types: "epoch", "entry" (before its first event; it may come again later), "event" (in order of
position) and "seal" (after the events it covers). Bytes are hexadecimal, amounts 18-place text,
instants UTC.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO
from uuid import UUID

from . import codec, reading
from .blocks import SEAL, Seal
from .reading import Row
from .store import EntryFields

Progress = Callable[[int], None]


def export(file: IO[str], *, until: int | None = None, progress: Progress | None = None) -> int:
    """Write every sealed event up to the end of the block that holds position `until`; the last position.

    Without `until`, everything that is sealed. `progress` is told how many more events were written.
    """
    last = 0
    with reading.one_snapshot():
        for epoch in reading.epochs().values():
            file.write(codec.canonical({"type": "epoch", **epoch._asdict()}) + "\n")
        for chunk in reading.chunks():
            wanted = [seal for seal in chunk if until is None or seal.first_position <= until]
            if not wanted:
                break
            file.writelines(line + "\n" for line in _lines(wanted))
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


def _lines(chunk: Sequence[Seal]) -> Iterator[str]:
    members = reading.members(chunk)
    rows = [row for block in members.values() for row in block]
    entries = reading.entries({row.entry for row in rows})
    postings = reading.postings([row.seq for row in rows])
    written: set[UUID] = set()
    for seal in chunk:
        for position, row in enumerate(members[seal.first_position], seal.first_position):
            if row.entry not in written:
                written.add(row.entry)
                yield _entry(entries[row.entry])
            yield _event(position, row, postings.get(row.seq, "[]"))
        yield codec.canonical({"type": "seal", **{name: getattr(seal, name) for name in SEAL}})


def _entry(entry: EntryFields) -> str:
    fields = {name: getattr(entry, name) for name in EntryFields.__slots__}
    return codec.canonical({"type": "entry", **fields})


def _event(position: int, row: Row, postings: str) -> str:
    fields = row._asdict() | {"type": "event", "position": position, "postings": json.loads(postings)}
    del fields["previous_seq"], fields["previous_hash"]
    return codec.canonical(fields)
