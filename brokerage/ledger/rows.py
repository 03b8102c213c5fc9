"""An append as SQL takes it: each event chained to the one before it, and columns as array literals."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from . import codec, hashing, registry
from .chart import Posting


class Chained(NamedTuple):
    """An event as it will be stored, under its hash."""

    stream: UUID
    version: int
    kind: str
    schema: int
    data: str
    owner: UUID | None
    hash: bytes


def chain(
    entry: bytes,
    effective_at: datetime,
    drafts: Sequence[tuple[UUID, Any, UUID | None, tuple[Posting, ...]]],
    heads: Mapping[UUID, tuple[int, bytes]],
) -> list[Chained]:
    """An entry's drafts (stream, event, owner, postings), each hashed behind the head of its stream."""
    latest = dict(heads)
    chained = []
    for stream, event, owner, postings in drafts:
        kind = registry.kind_of(type(event))
        last, previous = latest.get(stream, (0, hashing.GENESIS))
        data = codec.canonical(event)
        hashed = hashing.event_hash(
            previous=previous,
            entry=entry,
            stream=stream,
            version=last + 1,
            kind=kind.name,
            schema=kind.schema,
            data=data,
            owner=owner,
            effective_at=effective_at,
            postings=hashing.postings_text(postings),
        )
        latest[stream] = (last + 1, hashed)
        chained.append(Chained(stream, last + 1, kind.name, kind.schema, data, owner, hashed))
    return chained


def event_columns(chained: Sequence[Chained]) -> list[str]:
    """The columns of events, one array each."""
    return [
        array(str(c.stream) for c in chained),
        array(str(c.version) for c in chained),
        array(_quoted(c.kind) for c in chained),
        array(str(c.schema) for c in chained),
        array(_quoted(c.data) for c in chained),
        array(str(c.owner) if c.owner else "NULL" for c in chained),
        array(_quoted(f"\\x{c.hash.hex()}") for c in chained),
    ]


def posting_columns(postings: Sequence[Sequence[Posting]]) -> list[str]:
    """The columns of each event's postings, one array each; the first counts the events from 1."""
    numbered = [(index, *posting) for index, each in enumerate(postings, 1) for posting in each]
    return [
        array(str(index) for index, _, _ in numbered),
        array(str(account.owner) for _, account, _ in numbered),
        array(account.role.value for _, account, _ in numbered),
        array(_quoted(account.asset) for _, account, _ in numbered),
        array(codec.decimal_text(amount) for _, _, amount in numbered),
    ]


def array(items: Iterable[str]) -> str:
    """A PostgreSQL array literal; psycopg's own list dumper takes four times as long."""
    return "{" + ",".join(items) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
