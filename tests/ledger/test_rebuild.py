"""A rebuild replays the book and finds every row that is not what the events add up to."""

import threading
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from brokerage.ledger import queries, rebuild, store
from brokerage.ledger.projection import UnknownKind
from tests.ledger import book

pytestmark = pytest.mark.django_db(transaction=True)
ALICE, BOB = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def some_payments() -> None:
    book.pay_in(book.context("a"), client=ALICE, amount=Decimal("100"))
    book.pay(book.context("b"), payer=ALICE, payee=BOB, amount=Decimal("30.25"))


def spoil_balance() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_balance SET amount = amount + 1 WHERE owner = %s", [ALICE])


def test_a_replay_of_an_untouched_book_is_identical() -> None:
    found = rebuild.rebuild(check=True)
    assert found.identical
    assert found.events == 5


def test_a_check_names_the_table_that_differs_and_changes_nothing() -> None:
    spoil_balance()
    found = rebuild.rebuild(check=True)
    assert found.differences == {"ledger_balance": 2}
    assert queries.balances(ALICE)[book.cash(ALICE).role, "HKD"] == Decimal("70.75")


def test_a_rebuild_restores_what_the_events_add_up_to() -> None:
    spoil_balance()
    rebuild.rebuild(check=False)
    assert queries.balances(ALICE)[book.cash(ALICE).role, "HKD"] == Decimal("69.75")
    assert rebuild.rebuild(check=True).identical


def test_the_state_hash_moves_with_any_balance_and_is_stable_otherwise() -> None:
    before = rebuild.state_hash()
    assert rebuild.state_hash() == before
    spoil_balance()
    assert rebuild.state_hash() != before


@pytest.fixture
def writer() -> Iterator[psycopg.Connection[Any]]:
    """A session in the middle of an append, while our own waits are cut to 100 ms."""
    with closing(psycopg.connect(book.dsn())) as session:
        session.execute("LOCK TABLE ledger_entry IN ROW EXCLUSIVE MODE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        yield session
    connection.close()


def test_a_rebuild_outwaits_an_append_that_takes_longer_than_a_command_would_wait(
    writer: psycopg.Connection[Any],
) -> None:
    threading.Timer(0.5, writer.rollback).start()
    assert rebuild.rebuild(check=False).identical


def test_a_rebuild_that_cannot_stop_the_writers_is_refused_and_changes_nothing(
    writer: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_balance()
    monkeypatch.setattr(store, "WAIT_FOR_WRITERS", "100ms")
    with pytest.raises(store.WritersAtWork):
        rebuild.rebuild(check=False)
    assert queries.balances(ALICE)[book.cash(ALICE).role, "HKD"] == Decimal("70.75")


def test_the_state_hash_may_take_longer_than_a_page_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "_BALANCES_HASH", "SELECT pg_sleep(0.5)::text")
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '250ms'")
    try:
        assert len(rebuild.state_hash()) == 64
    finally:
        connection.close()


def test_progress_adds_up_to_the_number_of_events() -> None:
    told: list[int] = []
    assert rebuild.rebuild(check=True, progress=told.append).events == sum(told)


@pytest.mark.parametrize("change", ["kind = 'test.of-tomorrow'", "schema = 9"])
@pytest.mark.parametrize("check", [True, False])
def test_code_older_than_the_book_rebuilds_nothing(change: str, check: bool) -> None:
    with book.superuser() as session:
        session.execute(f"UPDATE ledger_event SET {change} WHERE stream = %s AND version = 2", [ALICE])
    with pytest.raises(UnknownKind, match=f"{ALICE}@2"):
        rebuild.rebuild(check=check)
    assert queries.balances(ALICE)[book.cash(ALICE).role, "HKD"] == Decimal("69.75")
