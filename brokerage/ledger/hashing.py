"""The arithmetic of tamper evidence: entry digests, per-stream chains, Merkle roots, seal digests.

Everything here is a pure function of values that an exported line also carries, so a client or a
regulator can recompute it alone.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from . import codec
from .chart import Posting

GENESIS = bytes(32)


def entry_digest(fields: dict[str, object]) -> bytes:
    """SHA-256 over the canonical JSON of an entry's fields; every event of the entry covers it."""
    return digest(fields)


def digest(value: object) -> bytes:
    """SHA-256 over the canonical JSON of any encodable value."""
    return hashlib.sha256(codec.canonical(value).encode()).digest()


def postings_text(postings: Sequence[Posting]) -> str:
    """Canonical JSON of postings: [owner, role, asset, amount] rows sorted by account."""
    rows = sorted(
        f'["{account.owner}","{account.role.value}",{codec.dumps(account.asset)},"{codec.decimal_text(amount)}"]'
        for account, amount in postings
    )
    return f"[{','.join(rows)}]"


def _quoted(value: UUID | None) -> str:
    return f'"{value}"' if value else "null"


def event_hash(
    *,
    previous: bytes,
    entry: bytes,
    stream: UUID,
    version: int,
    kind: str,
    schema: int,
    data: str,
    owner: UUID | None,
    effective_at: datetime,
    postings: str,
) -> bytes:
    """SHA-256 over the previous hash of the stream, the entry's digest and the event's own fields.

    `data` and `postings` are canonical JSON texts; `previous` is GENESIS for version 1.
    """
    text = (
        f'{{"data":{data},"effective_at":"{codec.instant_text(effective_at)}","entry":"{entry.hex()}",'
        f'"kind":"{kind}","owner":{_quoted(owner)},"postings":{postings},'
        f'"previous":"{previous.hex()}","schema":{schema},"stream":"{stream}","version":{version}}}'
    )
    return hashlib.sha256(text.encode()).digest()


def leaf(*, event: bytes, seq: int, xid: int) -> bytes:
    """The Merkle leaf of one event: covers its place (seq) and its transaction (xid) too."""
    return hashlib.sha256(b"\x00" + event + seq.to_bytes(8, "big") + xid.to_bytes(8, "big")).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree of RFC 6962 section 2.1 over at least one leaf hash.

    Level by level, an odd last node moves up unpaired, which gives the same tree as the RFC's
    split at the largest power of two.
    """
    level = list(leaves)
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)
        ]
        level = paired + ([level[-1]] if len(level) % 2 else [])
    return level[0]
