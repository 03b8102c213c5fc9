#!/usr/bin/env python3
"""Checks an export of Praya's ledger with nothing but this file: python3 check_export.py book.jsonl

Recomputes each entry's digest, each event's hash and its place in the chain of its stream, the
Merkle root of each block and the chain of seals, and that each event's postings sum to zero. Of an
event that was withheld, only that it is where and what the seal says can be checked.
Signatures are checked too when the package `cryptography` is installed and the public key is given:
python3 check_export.py book.jsonl --key seal-public.pem

docs/check_export.py belongs to whoever receives an export; it shares no code with the product.
"""

import argparse
import hashlib
import json
import sys
from decimal import Decimal, localcontext

GENESIS = "00" * 32


def canonical(value):
    """The one JSON text of a value: sorted keys, no spaces, nothing escaped beyond need."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256(value):
    """SHA-256 of bytes, or of the canonical JSON of anything else."""
    return hashlib.sha256(value if isinstance(value, bytes) else canonical(value).encode()).digest()


def merkle_root(leaves):
    """The root of RFC 6962's tree: SHA-256 of 0x01, left, right; an odd last node moves up as it is."""
    while len(leaves) > 1:
        pairs = [sha256(b"\x01" + leaves[i] + leaves[i + 1]) for i in range(0, len(leaves) - 1, 2)]
        leaves = pairs + leaves[len(pairs) * 2 :]
    return leaves[0]


class Checker:
    """Reads the lines in order and keeps what the next lines depend on."""

    def __init__(self, public_key=None):
        self.public_key = public_key
        self.epochs, self.entries, self.heads = {}, {}, {}
        self.leaves, self.position, self.previous = [], 0, GENESIS
        self.unseen = set()
        self.problems = []

    def problem(self, record, what):
        name = record.get("position") or record.get("first_position") or record.get("id")
        self.problems.append(f"{record['type']} {name}: {what}")

    def epoch(self, record):
        """An epoch: its digest goes into each of its seals."""
        self.epochs[record["number"]] = sha256(without(record, "type")).hex()

    def entry(self, record):
        """An entry: its digest goes into each of its events."""
        self.entries[record["id"]] = sha256(without(record, "type")).hex()

    def event(self, record):
        """An event: follows the event before it in the export and in its stream."""
        version, previous = self.heads.get(record["stream"], (0, GENESIS))
        if record.get("previous") in self.unseen:
            version, previous = record["version"] - 1, record["previous"]
        covered = without(record, "type", "position", "seq", "xid", "hash")
        covered |= {"entry": self.entries.get(record["entry"]), "previous": previous}
        if record["position"] != self.position + 1:
            self.problem(record, f"follows position {self.position}")
        if record["version"] != version + 1:
            self.problem(record, f"version {record['version']} of its stream follows version {version}")
        if sha256(covered).hex() != record["hash"]:
            self.problem(record, "does not match its hash")
        if not balanced(record["postings"]):
            self.problem(record, "its postings do not sum to zero")
        self.position = record["position"]
        self.heads[record["stream"]] = record["version"], record["hash"]
        self.leaf(record)

    def withheld(self, record):
        """An event that this reader may not see: its place and hash are sealed with the others."""
        if record["position"] != self.position + 1:
            self.problem(record, f"follows position {self.position}")
        self.position = record["position"]
        self.unseen.add(record["hash"])
        self.leaf(record)

    def leaf(self, record):
        """What the block's Merkle root covers of an event."""
        numbers = record["seq"].to_bytes(8, "big") + record["xid"].to_bytes(8, "big")
        self.leaves.append(sha256(b"\x00" + bytes.fromhex(record["hash"]) + numbers))

    def seal(self, record):
        """A seal: covers the events since the seal before it, and that seal."""
        covered = without(record, "type", "digest", "signature")
        covered["epoch_digest"] = self.epochs.get(record["epoch"])
        if (
            record["count"] != len(self.leaves)
            or record["first_position"] + record["count"] != self.position + 1
        ):
            self.problem(record, f"covers {record['count']} events; {len(self.leaves)} came before it")
        elif merkle_root(self.leaves).hex() != record["root"]:
            self.problem(record, "its events do not have its Merkle root")
        if record["previous"] != self.previous:
            self.problem(record, "is not linked to the seal before it")
        if sha256(covered).hex() != record["digest"]:
            self.problem(record, "does not match its digest")
        if self.public_key and not signed(self.public_key, record):
            self.problem(record, "is not signed by that key")
        self.leaves, self.previous = [], record["digest"]


def without(record, *names):
    """The record without some of its fields."""
    return {name: value for name, value in record.items() if name not in names}


def balanced(postings):
    """Whether the amounts of each asset sum to zero, exactly."""
    sums = {}
    with localcontext() as context:
        context.prec = 100
        for _owner, _role, asset, amount in postings:
            sums[asset] = sums.get(asset, 0) + Decimal(amount)
    return not any(sums.values())


def signed(public_key, record):
    """Whether the Ed25519 signature over the seal's digest is good."""
    from cryptography.exceptions import InvalidSignature

    try:
        public_key.verify(bytes.fromhex(record["signature"]), bytes.fromhex(record["digest"]))
    except InvalidSignature:
        return False
    return True


def load_key(path):
    """An Ed25519 public key from a PEM file."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    with open(path, "rb") as file:
        return load_pem_public_key(file.read())


def main():
    """Check the file; print each problem; exit 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--key", help="PEM file with the Ed25519 public key of the seals")
    options = parser.parse_args()
    checker = Checker(load_key(options.key) if options.key else None)
    with open(options.file, encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            {
                "epoch": checker.epoch,
                "entry": checker.entry,
                "event": checker.event,
                "withheld": checker.withheld,
                "seal": checker.seal,
            }[record["type"]](record)
    if checker.leaves:
        checker.problems.append(f"{len(checker.leaves)} events at the end are covered by no seal")
    print("\n".join(checker.problems) or f"{checker.position} events, last seal {checker.previous}: sound")
    sys.exit(1 if checker.problems else 0)


if __name__ == "__main__":
    main()
