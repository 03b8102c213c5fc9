"""Epochs and seals as values: which events a block covers, and what a sound seal looks like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from . import hashing, signing

BLOCK = 4096
MEMBER = (
    "e.seq BETWEEN s.seq_from AND s.seq_until"
    " AND ((e.xid >= s.xid_from AND e.xid < s.xid_until) OR e.seq > s.open_seq)"
)
"""SQL: whether event `e` is in the block of seal `s`. open_seq is NULL but for blocks of `settle`."""


class Epoch(NamedTuple):
    """A stretch of the book written by one database system, as stored."""

    number: int
    system_identifier: str
    first_xid: int
    after_seq: int
    opened_at: datetime

    def digest(self) -> bytes:
        """SHA-256 over all fields; every seal of the epoch covers it."""
        return hashing.digest(self._asdict())


@dataclass(frozen=True, slots=True)
class Seal:
    """One row of ledger_seal."""

    first_position: int
    count: int
    epoch: int
    xid_from: int
    xid_until: int
    seq_from: int
    seq_until: int
    open_seq: int | None
    root: bytes
    previous: bytes
    digest: bytes
    signature: bytes
    key_id: str
    sealed_at: datetime

    @property
    def last_position(self) -> int:
        """The position of the block's last event."""
        return self.first_position + self.count - 1

    def expected_digest(self, epoch: Epoch) -> bytes:
        """SHA-256 over the canonical JSON of all fields but digest and signature, and the epoch's digest."""
        covered = {name: getattr(self, name) for name in SEAL if name not in ("digest", "signature")}
        return hashing.digest(covered | {"epoch_digest": epoch.digest()})


SEAL = Seal.__slots__


def faults(seal: Seal, last: Seal | None, epochs: Mapping[int, Epoch]) -> Iterator[str]:
    """What is wrong with a stored seal, given the seal before it; nothing for a sound one."""
    epoch = epochs.get(seal.epoch)
    if epoch is None or seal.digest != seal.expected_digest(epoch):
        yield f"does not match its digest: the seal or its epoch {seal.epoch} was changed"
    if not signing.signed_by(seal.key_id, seal.digest, seal.signature):
        yield "is signed by no known key"
    if seal.previous != (last.digest if last else hashing.GENESIS):
        yield "is not linked to the seal before it"
    if seal.first_position != (last.last_position + 1 if last else 1):
        yield "does not start where the seal before it ends"
    if epoch and not _continues(seal, last, epoch):
        yield "covers other transactions than those after the seal before it"


def _continues(seal: Seal, last: Seal | None, epoch: Epoch) -> bool:
    """Whether the seal opens the next window, or the next part of the same one."""
    if last is None or seal.epoch != last.epoch:
        return seal.xid_from == epoch.first_xid and seal.seq_from > epoch.after_seq
    same = (seal.xid_from, seal.xid_until) == (last.xid_from, last.xid_until)
    return seal.seq_from > last.seq_until if same else seal.xid_from == last.xid_until
