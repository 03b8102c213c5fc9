"""Immutability: the product's role may only add to the book, and the owner's own triggers stop the owner."""

from collections.abc import Iterator
from decimal import Decimal

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from brokerage.ledger import seals
from brokerage.ledger.refusal import Refused

from .book import context, dsn, new, pay, pay_in

pytestmark = pytest.mark.django_db(transaction=True)
BOOK = [
    "ledger_entry",
    "ledger_event",
    "ledger_posting",
    "ledger_account",
    "ledger_epoch",
    "ledger_seal",
    "ledger_refusal",
]
CHANGES = {
    "UPDATE": "UPDATE {table} SET {column} = {column}",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table} CASCADE",
}
A_COLUMN = {
    "ledger_entry": "actor",
    "ledger_event": "data",
    "ledger_posting": "amount",
    "ledger_account": "side",
    "ledger_epoch": "first_xid",
    "ledger_seal": "root",
    "ledger_refusal": "code",
    "ledger_withheld": "shown",
}


@pytest.fixture
def book() -> None:
    """At least one row in each table of the book."""
    client = new()
    pay_in(context(), client=client, amount=Decimal(5))
    with pytest.raises(Refused):
        pay(context(), payer=client, payee=new(), amount=Decimal(6))
    seals.seal()


@pytest.fixture
def session() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A plain connection, so that nothing but the database itself refuses."""
    with psycopg.connect(dsn(), autocommit=True) as opened:
        yield opened


class TestTheProductsRole:
    @pytest.mark.parametrize("table", [*BOOK, "ledger_snapshot", "ledger_snapshot_run", "ledger_withheld"])
    @pytest.mark.parametrize("verb", CHANGES)
    def test_has_no_right_to_change_the_book(
        self, session: psycopg.Connection[tuple[object, ...]], table: str, verb: str
    ) -> None:
        session.execute("SET ROLE praya_app")
        column = A_COLUMN.get(table, "number" if table == "ledger_snapshot_run" else "amount")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            session.execute(CHANGES[verb].format(table=table, column=column))

    def test_may_not_remove_balances(self, session: psycopg.Connection[tuple[object, ...]]) -> None:
        session.execute("SET ROLE praya_app")
        for verb in ("DELETE", "TRUNCATE"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                session.execute(CHANGES[verb].format(table="ledger_balance"))

    def test_runs_commands_and_seals(self) -> None:
        client = new()
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE praya_app")
        try:
            pay_in(context(), client=client, amount=Decimal(5))
            pay(context(), payer=client, payee=new(), amount=Decimal(5))
            assert seals.seal() == 5
        finally:
            connection.close()


@pytest.fixture
def login_of_the_product(
    session: psycopg.Connection[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Django connects as docs/deployment.md has it: by a login that is a member of praya_app alone."""
    session.execute("CREATE ROLE praya_product LOGIN PASSWORD 'only here'")
    session.execute("GRANT praya_app TO praya_product")
    connection.close()
    for name, value in {"USER": "praya_product", "PASSWORD": "only here"}.items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", "-c role=praya_app")
    yield
    connection.close()
    session.execute("DROP ROLE praya_product")


def test_the_product_runs_under_a_login_that_cannot_take_on_the_owner(login_of_the_product: None) -> None:
    pay_in(context(), client=new(), amount=Decimal(5))
    assert seals.seal() == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user")
        assert cursor.fetchone() == ("praya_product", "praya_app")
        for role in ("praya_owner", "NONE"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                cursor.execute(f"SET ROLE {role}; DELETE FROM ledger_event")


class TestTheOwner:
    @pytest.mark.parametrize("table", BOOK)
    @pytest.mark.parametrize("verb", ["UPDATE", "DELETE"])
    def test_is_stopped_by_triggers(self, book: None, table: str, verb: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("praya_owner",)
            cursor.execute(f"SELECT count(*) > 0 FROM {table}")
            assert cursor.fetchone() == (True,), "an empty table proves nothing"
        with pytest.raises(Exception, match="the book is append-only"), connection.cursor() as cursor:
            cursor.execute(CHANGES[verb].format(table=table, column=A_COLUMN[table]))

    def test_cannot_make_value(self, session: psycopg.Connection[tuple[object, ...]], book: None) -> None:
        with pytest.raises(psycopg.errors.CheckViolation, match="sum to zero"):
            session.execute(
                "INSERT INTO ledger_posting (event, account, owner, amount)"
                " SELECT e.seq, a.id, a.owner, 1 FROM ledger_account a, ledger_event e"
                " WHERE e.kind = 'ledger.account-opened' LIMIT 1"
            )
