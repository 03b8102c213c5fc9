"""Verification: a sound book has no finding; whatever a superuser edits is named."""

import os
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from brokerage.ledger import codec, export, hashing, integrity, reading, seals, snapshots
from brokerage.ledger.crosschecks import Finding
from brokerage.ledger.models import Event, Seal

from .book import context, fill, new, note, pay_in, superuser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def book() -> None:
    """A small sealed book with two snapshots and a few events waiting."""
    fill()
    snapshots.take()
    for client in Event.objects.filter(kind="test.paid").values_list("stream", flat=True).distinct():
        pay_in(context(), client=client, amount=Decimal(3))
    snapshots.take()
    note(context(), stream=new(), texts=("waits", "for the sealer"))


def named(findings: list[Finding], table: str, row: dict[str, Any]) -> bool:
    """Whether a finding names the row, or the event or block that covers it."""
    text = "\n".join(f"{found.key}\n{found.what}" for found in findings)
    if table == "ledger_entry":
        return str(row["id"]) in text
    if table == "ledger_event":
        return f"seq {row['seq']})" in text or f"{row['stream']}@{row['version']}" in text
    if table == "ledger_posting":
        return f"seq {row['event']})" in text or f"event {row['event']}," in text
    if table == "ledger_seal":
        return f"first_position {row['first_position']}\n" in text
    if table == "ledger_epoch":
        return f"epoch {row['number']} was changed" in text
    if table == "ledger_snapshot_run":
        return f"run {row['number']}\n" in text
    if table == "ledger_snapshot":
        return f"run {row['run']}\naccount {row['account']} holds" in text
    if table == "ledger_account":
        return f"id {row['id']} " in text or f"account {row['id']}\n" in text
    return f"account {row['account']}" in text


def forged(table: str, column: str, old: Any, draw: random.Random) -> Any:
    """Another value that the column's own constraints let pass."""
    if column == "source":
        return draw.choice([source for source in ("api", "portal", "staff", "job") if source != old])
    if column == "side":
        return draw.choice([side for side in (-1, 0, 1) if side != old])
    if column in ("data", "result"):
        return Jsonb({"forged": draw.random()} if draw.random() < 0.5 else f"{old} ")
    if old is None:
        return 3 if column == "open_seq" else new()
    if isinstance(old, bytes):
        place = draw.randrange(len(old))
        return old[:place] + bytes([old[place] ^ 1 << draw.randrange(8)]) + old[place + 1 :]
    if isinstance(old, datetime):
        return old + timedelta(microseconds=draw.choice([-1, 1, 10**6, 10**12]))
    if isinstance(old, UUID):
        return new()
    if isinstance(old, int):
        return old + draw.choice([1, 2, 1000])
    if isinstance(old, Decimal):
        return old + draw.choice([Decimal("1e-18"), Decimal("0.01"), Decimal(1)])
    return old + draw.choice(["x", " ", "\u200b"])


TABLES = {
    "ledger_entry": 4,
    "ledger_event": 4,
    "ledger_posting": 3,
    "ledger_seal": 2,
    "ledger_account": 1,
    "ledger_balance": 1,
    "ledger_epoch": 1,
    "ledger_snapshot_run": 2,
    "ledger_snapshot": 1,
}


def tampering(
    session: psycopg.Connection[Any], draw: random.Random, sealed: int
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """One random edit of one column of one row, undone when the caller comes back."""
    (table,) = draw.choices(list(TABLES), list(TABLES.values()))
    rows = session.cursor(row_factory=dict_row)
    row = draw.choice(rows.execute(f"SELECT ctid, t.* FROM {table} t ORDER BY t").fetchall())
    column = draw.choice([name for name in row if name != "ctid"])
    if column in ("seq", "xid") and row["seq"] > sealed:
        return  # only the seal covers an event's place
    forgery = forged(table, column, row[column], draw)
    change = f"UPDATE {table} SET {column} = %s WHERE ctid = %s RETURNING ctid"
    try:
        moved = session.execute(change, [forgery, row["ctid"]]).fetchone()
    except psycopg.errors.IntegrityError:
        return
    yield table, column, row | ({column: forgery} if column == "first_position" else {})
    undo = Jsonb(row[column]) if column in ("data", "result") else row[column]
    session.execute(change, [undo, moved[0]])


@pytest.mark.parametrize(
    "edit",
    [
        "cutoff = '2000-01-01'",
        "cutoff = '2999-01-01'",
        "min_effective = '2999-01-01'",
        "position = 0",
        "position = position + 1",
        "previous_floor = previous_floor + 1",
        "floor = floor + 1",
        "number = number + 5",
    ],
)
def test_each_column_of_a_snapshot_run_is_recomputed(book: None, edit: str) -> None:
    for number in (1, 2):
        with superuser() as session:
            (kept,) = session.execute("SELECT * FROM ledger_snapshot_run WHERE number = %s", [number])
            session.execute(f"UPDATE ledger_snapshot_run SET {edit} WHERE number = %s", [number])
        assert any(found.key == f"run {number}" for found in integrity.verify()), number
        with superuser() as session:
            session.execute(
                "DELETE FROM ledger_snapshot_run WHERE floor = %s OR number = %s", [kept[1], number]
            )
            session.execute("DELETE FROM ledger_snapshot_run WHERE previous_floor = %s", [kept[2]])
            session.execute("INSERT INTO ledger_snapshot_run VALUES (%s, %s, %s, %s, %s, %s)", kept)
    assert integrity.verify() == []


def test_a_sound_book_has_no_finding(book: None) -> None:
    counted: list[int] = []
    assert integrity.verify(progress=counted.append) == []
    assert sum(counted) > 50


@pytest.mark.drill
@pytest.mark.parametrize("trials", [1000 if "PRAYA_KILLS" in os.environ else 100])
def test_each_single_edit_of_a_superuser_is_named(book: None, trials: int) -> None:
    draw = random.Random(1)
    tried, missed = 0, []
    sealed = last_sealed()
    with superuser() as session:
        while tried < trials:
            for table, column, row in tampering(session, draw, sealed):
                tried += 1
                if not named(integrity.verify(), table, row):
                    missed.append((table, column, row, integrity.verify()))
    assert not missed, f"{len(missed)} of {tried}: {missed[:5]}"
    assert integrity.verify() == []


def findings_after(statement: str, **params: Any) -> str:
    """What verification says after one statement of a superuser, as text."""
    with superuser() as session:
        session.execute(statement, params)
    return "\n".join(f"{found.table} {found.key}: {found.what}" for found in integrity.verify())


def test_a_removed_event_leaves_a_gap_that_is_named(book: None) -> None:
    victim = Event.objects.filter(version=2, kind="test.paid").first()
    said = findings_after("DELETE FROM ledger_event WHERE seq = %(seq)s", seq=victim.seq)
    assert f"{victim.stream}@3" in said
    assert "version 2 of the stream, is missing" in said
    assert f"event {victim.seq}," in said


def test_a_truncated_stream_is_seen_by_its_seal_and_its_entry(book: None) -> None:
    victim = Event.objects.filter(seq__lte=last_sealed()).order_by("-seq").first()
    said = findings_after("DELETE FROM ledger_event WHERE seq = %(seq)s", seq=victim.seq)
    assert "events; " in said
    assert "were sealed" in said


def test_two_places_exchanged_are_seen_by_the_seal(book: None) -> None:
    first, second = Event.objects.filter(kind="test.noted")[:2]
    with superuser() as session:
        for old, seq in ((first.seq, -1), (second.seq, first.seq), (-1, second.seq)):
            session.execute("UPDATE ledger_event SET seq = %s WHERE seq = %s", [seq, old])
    said = "\n".join(found.what for found in integrity.verify())
    assert "is not what was sealed" in said


def test_two_versions_exchanged_are_named(book: None) -> None:
    first, second = Event.objects.filter(kind="test.noted")[:2]
    with superuser() as session:
        for old, stream in ((first.seq, new()), (second.seq, first.stream), (first.seq, second.stream)):
            session.execute("UPDATE ledger_event SET stream = %s WHERE seq = %s", [stream, old])
    said = "\n".join(found.key for found in integrity.verify())
    assert f"seq {first.seq})" in said
    assert f"seq {second.seq})" in said


def test_an_inserted_event_with_a_sound_hash_is_covered_by_no_seal(book: None) -> None:
    stream = Event.objects.filter(kind="test.noted").first().stream
    note(context("forged"), stream=stream, texts=("forged",))
    forged_event = Event.objects.latest("seq")
    said = findings_after("UPDATE ledger_event SET xid = 5 WHERE seq = %(seq)s", seq=forged_event.seq)
    assert f"(seq {forged_event.seq}): is covered by no seal" in said


def test_a_chain_rewritten_with_all_its_hashes_contradicts_the_seal(book: None) -> None:
    target = Event.objects.filter(kind="test.noted").first()
    rewrite(target.stream)
    said = "\n".join(f"{found.table} {found.key}: {found.what}" for found in integrity.verify())
    assert "ledger_seal" in said
    assert "ledger_event" not in said, "the rewritten chain is consistent in itself"


def test_a_book_sealed_again_with_the_key_contradicts_the_exported_seals(book: None, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    with kept.open("w") as file:
        export.export(file)
    rewrite(Event.objects.filter(kind="test.noted").first().stream)
    with superuser() as session:
        session.execute("DELETE FROM ledger_seal")
    seals.seal()
    assert {found.table for found in integrity.verify()} == {"ledger_snapshot"}
    snapshots.discard(1)
    assert integrity.verify() == []
    assert {found.table for found in integrity.verify(exported=kept)} == {"ledger_seal"}


def test_a_tail_cut_off_with_its_seals_contradicts_the_exported_seals(book: None, tmp_path: Path) -> None:
    seals.seal()
    kept = tmp_path / "kept.jsonl"
    with kept.open("w") as file:
        export.export(file)
    tail = seals.last_seal()
    assert tail is not None
    with superuser() as session:
        entries = session.execute(
            "SELECT entry FROM ledger_event WHERE seq >= %s", [tail.seq_from]
        ).fetchall()
        session.execute("DELETE FROM ledger_event WHERE seq >= %s", [tail.seq_from])
        session.execute("DELETE FROM ledger_entry WHERE id = ANY(%s)", [[entry for (entry,) in entries]])
        session.execute("DELETE FROM ledger_seal WHERE first_position = %s", [tail.first_position])
    assert integrity.verify() == []
    gone = Finding("ledger_seal", f"first_position {tail.first_position}", "was exported and is gone")
    assert integrity.verify(exported=kept) == [gone]


def test_an_event_edited_and_hashed_again_breaks_the_event_after_it(book: None) -> None:
    """Not sealed yet, so only the chain can tell."""
    stream = new()
    note(context(), stream=stream, texts=("one", "two", "three"))
    rewrite(stream, versions=[1])
    assert [found.key.split()[0] for found in integrity.verify()] == [f"{stream}@2"]


def last_sealed() -> int:
    """The greatest seq that a seal covers."""
    return max(Seal.objects.values_list("seq_until", flat=True))


def rewrite(stream: UUID, versions: Sequence[int] = range(1, 1000)) -> None:
    """What an insider with the code would do: change the first notes and hash these versions again."""
    with superuser() as session:
        session.execute(
            "UPDATE ledger_event SET data = %s WHERE stream = %s AND kind = 'test.noted' AND version < %s",
            [Jsonb({"text": "rewritten"}), stream, min(5, max(versions) + 1)],
        )
        previous = hashing.GENESIS
        (chain,) = reading.selected("e.stream = %s", [stream])
        for row in chain[: max(versions)]:
            previous = hashing.event_hash(
                previous=previous,
                entry=reading.entries([row.entry])[row.entry].digest(),
                stream=row.stream,
                version=row.version,
                kind=row.kind,
                schema=row.schema,
                data=codec.dumps(row.data),
                owner=row.owner,
                effective_at=row.effective_at,
                postings=reading.postings([row.seq]).get(row.seq, "[]"),
            )
            session.execute("UPDATE ledger_event SET hash = %s WHERE seq = %s", [previous, row.seq])
