"""Dump and restore: what the new system's transaction ids would lose, double or invert without settle."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from brokerage.config import database
from brokerage.config.postgres import Cluster
from brokerage.ledger import feed, seals
from brokerage.ledger.models import Epoch, Event

from .book import context, dsn, in_threads, new, note, pay_in

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def restored(cluster: Cluster, dump: Path) -> Iterator[None]:
    """Dump the test database, restore it into another cluster, and let Django work there."""
    programs = cluster.programs
    subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", dsn()], check=True)
    database.prepare(cluster.url())
    subprocess.run([programs / "pg_restore", f"--dbname={cluster.url()}", dump], check=True)
    home = dict(connection.settings_dict)
    connection.close()
    with psycopg.connect(cluster.url()) as there:
        info = there.info.get_parameters()
    connection.settings_dict.update(
        HOST=info["host"],
        PORT=info["port"],
        NAME=info["dbname"],
        USER=info["user"],
        PASSWORD=cluster.password,
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(home)


def burn(address: str, transactions: int) -> None:
    """Use up transaction ids of a cluster."""
    with psycopg.connect(address, autocommit=True) as there:
        for _ in range(transactions):
            there.execute("SELECT pg_current_xact_id()")


def assert_feed_is_the_book() -> None:
    """Each event has one position, and each stream its own order."""
    read = feed.read(0, 10_000)
    assert [item.position for item in read] == list(range(1, len(read) + 1))
    assert sorted(item.seq for item in read) == list(
        Event.objects.order_by("seq").values_list("seq", flat=True)
    )
    latest: dict[UUID, int] = {}
    for item in read:
        assert item.version == latest.get(item.stream, 0) + 1
        latest[item.stream] = item.version


@pytest.mark.parametrize("burnt", [0, 6000], ids=["lower", "higher"])
def test_a_restore_loses_doubles_and_inverts_nothing(
    fresh_cluster: Cluster, tmp_path: Path, burnt: int
) -> None:
    streams = [new() for _ in range(3)]

    def write(text: str) -> None:
        for stream in streams:
            note(context(), stream=stream, texts=(text, text))

    write("sealed")
    seals.seal()
    write("sealed too")
    seals.seal()
    write("not sealed before the dump")
    burn(fresh_cluster.url(), burnt)
    with restored(fresh_cluster, tmp_path / "dump"):
        write("after the restore, before settle")
        with pytest.raises(seals.ForeignSystem):
            seals.seal()
        before = feed.read(0)
        assert seals.settle() == 12
        assert seals.settle() == 0
        write("after settle")
        assert seals.seal() == 6
        assert feed.read(0)[: len(before)] == before
        assert Event.objects.count() == 30
        assert_feed_is_the_book()
        assert Epoch.objects.count() == 2


def test_a_book_never_sealed_can_be_settled(fresh_cluster: Cluster, tmp_path: Path) -> None:
    burn(dsn(), 3000)
    pay_in(context(), client=new(), amount=Decimal(5))
    with restored(fresh_cluster, tmp_path / "dump"):
        with pytest.raises(seals.ForeignSystem):
            seals.seal()
        assert seals.settle() == 3
        note(context(), stream=new())
        assert seals.seal() == 1
        assert_feed_is_the_book()


def test_settle_waits_for_writers_and_they_for_it(fresh_cluster: Cluster, tmp_path: Path) -> None:
    stream = new()
    note(context(), stream=stream)
    seals.seal()
    with restored(fresh_cluster, tmp_path / "dump"):

        def writer() -> int:
            return note(context(), stream=stream).value

        in_threads([*[writer] * 6, seals.settle, *[writer] * 6])
        seals.seal()
        assert Event.objects.count() == 13
        assert_feed_is_the_book()


def test_settle_at_home_changes_nothing() -> None:
    note(context(), stream=new())
    seals.seal()
    assert seals.settle() == 0
    assert Epoch.objects.count() == 1
