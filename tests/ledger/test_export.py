"""The export: complete, and checkable by someone who has nothing but the file and the standard library."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from brokerage.config.folder import ROOT
from brokerage.ledger import feed, seals, signing
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.export import export
from brokerage.ledger.registry import Audience, event

from .book import context, new, note, pay, pay_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lines() -> list[dict[str, Any]]:
    """The records of a small exported book of two blocks."""
    first, second = new(), new()
    pay_in(context(), client=first, amount=Decimal("12.5"))
    seals.seal()
    pay(context(), payer=first, payee=second, amount=Decimal("0.000000000000000001"))
    note(context(), stream=second, texts=('quotes " and \\ and é and \u2028 and \x01',))
    seals.seal()
    note(context(), stream=second, texts=("not sealed, so not exported",))
    written = io.StringIO()
    assert export(written) == feed.head() == 6
    return [json.loads(line) for line in written.getvalue().split("\n") if line]


def check(records: list[dict[str, Any]], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the checker as a client would: isolated from the project."""
    file = folder / "book.jsonl"
    file.write_text(
        "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8"
    )
    command = [sys.executable, "-I", str(ROOT / "docs/check_export.py"), str(file), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_sound_export_passes_the_checker(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    done = check(lines, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("6 events")


def test_signatures_are_checked_with_the_public_key(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    pem = tmp_path / "public.pem"
    public = signing.signing_key().public_key()
    pem.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert check(lines, tmp_path, "--key", str(pem)).returncode == 0
    lines[-1]["signature"] = lines[-1]["signature"][::-1]
    assert "is not signed by that key" in check(lines, tmp_path, "--key", str(pem)).stdout


def _of(kind: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    return next(record for record in records if record["type"] == kind)


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda r: _of("entry", r).update(actor="someone else"), "event 1: does not match its hash"),
        (lambda r: _of("event", r)["data"].update(asset="USD"), "event 1: does not match its hash"),
        (lambda r: _of("event", r).update(xid=1), "seal 1: its events do not have its Merkle root"),
        (
            lambda r: _of("seal", r).update(sealed_at="2026-01-01T00:00:00.000000Z"),
            "does not match its digest",
        ),
        (lambda r: _of("epoch", r).update(first_xid=9), "does not match its digest"),
        (lambda r: r.remove(_of("event", r)), "follows position 0"),
        (lambda r: r.remove(_of("seal", r)), "is not linked to the seal before it"),
        (lambda r: r.pop(), "covered by no seal"),
    ],
)
def test_a_forged_export_fails_the_checker(
    lines: list[dict[str, Any]], tmp_path: Path, forge: Callable[[list[dict[str, Any]]], None], said: str
) -> None:
    forge(lines)
    done = check(lines, tmp_path)
    assert done.returncode == 1
    assert said in done.stdout


@event("test.hushed", audience=Audience.RESTRICTED)
@dataclass(frozen=True, slots=True, kw_only=True)
class Hushed:
    """What only few may know of."""

    word: str


@command("test.hush")
def hush(entry: Entry, *, stream: UUID) -> None:
    """Put a secret on a stream."""
    entry.lock(stream)
    entry.record(stream, Hushed(word="the secret word"), owner=stream)


def test_what_is_restricted_is_withheld_and_the_rest_still_checks(tmp_path: Path) -> None:
    alone, shared = new(), new()
    note(context(), stream=shared)
    hush(context(), stream=alone)
    hush(context(), stream=shared)
    note(context(), stream=shared)
    seals.seal()
    written, whole = io.StringIO(), io.StringIO()
    export(written)
    export(whole, audiences=frozenset(Audience))
    for name in ("the secret word", "hush", str(alone)):
        assert name not in written.getvalue()
        assert name in whole.getvalue()
    for text in (written, whole):
        records = [json.loads(line) for line in text.getvalue().splitlines()]
        done = check(records, tmp_path)
        assert (done.returncode, done.stdout[:8]) == (0, "4 events"), done.stdout
    records = [json.loads(line) for line in written.getvalue().splitlines()]
    _of("withheld", records)["hash"] = "00" * 32
    assert "Merkle root" in check(records, tmp_path).stdout


def test_an_export_can_stop_at_a_position(lines: list[dict[str, Any]]) -> None:
    written = io.StringIO()
    assert export(written, until=2) == 3
