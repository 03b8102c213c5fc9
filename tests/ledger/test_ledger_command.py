"""`manage.py ledger`: what it prints and how it exits."""

import io
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from brokerage.ledger import seals

from .book import context, dsn, new, pay_in, superuser

pytestmark = pytest.mark.django_db(transaction=True)


def ledger(*arguments: str) -> str:
    """The command's output."""
    out = io.StringIO()
    call_command("ledger", *arguments, stdout=out, verbosity=0)
    return out.getvalue()


@pytest.fixture
def book() -> None:
    """One payment, sealed."""
    pay_in(context(), client=new(), amount=Decimal(5))
    seals.seal()


def test_each_verb_says_what_it_did(book: None, tmp_path: Path) -> None:
    assert ledger("seal").startswith("0 events sealed; epoch 1, position 3")
    assert ledger("settle").startswith("0 events settled")
    assert "position 3" in ledger("export", str(tmp_path / "book.jsonl"))
    assert "3 events verified" in ledger("verify", "--exported", str(tmp_path / "book.jsonl"))
    assert "identical" in ledger("rebuild", "--check")
    assert ledger("snapshot").startswith("run 1 taken")
    assert ledger("snapshot").startswith("nothing new")
    assert ledger("tail").splitlines()[-1].endswith('{"amount":"5.000000000000000000","asset":"HKD"}')


@pytest.mark.parametrize(
    ("role", "said"), [("praya_app", "unknown), whose"), ("none", "idle in transaction), whose")]
)
def test_seal_names_who_is_in_the_way_as_far_as_the_role_may_see(book: None, role: str, said: str) -> None:
    with psycopg.connect(dsn(), application_name="importer") as session:
        session.execute("SELECT pg_current_xact_id()")
        process = session.info.backend_pid
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {role}")
        try:
            told = ledger("seal").splitlines()[-1]
        finally:
            connection.close()
    assert f"wait for process {process} (importer, {said}" in told


def test_a_tampered_book_exits_with_one_and_names_the_row(book: None) -> None:
    with superuser() as session:
        session.execute("UPDATE ledger_balance SET amount = amount + 1")
    with pytest.raises(CommandError, match="1 findings") as failed:
        ledger("verify")
    assert failed.value.returncode == 1
    with pytest.raises(CommandError, match="read models"):
        ledger("rebuild", "--check")


def test_a_refusal_exits_with_its_code(book: None) -> None:
    with superuser() as session:
        session.execute("UPDATE ledger_epoch SET system_identifier = 'elsewhere'")
    with pytest.raises(CommandError, match=r"ledger\.foreign-system") as failed:
        ledger("seal")
    assert failed.value.returncode == 2
