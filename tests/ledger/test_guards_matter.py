"""Each guarantee of the ledger, taken away: the test that is named for it must fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from brokerage.ledger import hashing, integrity, seals

from . import test_append_only, test_commands, test_integrity, test_seals
from .book import context, dsn, fill, new, pay_in

pytestmark = pytest.mark.django_db(transaction=True)
ALL = (
    "ledger_entry, ledger_event, ledger_posting, ledger_account, ledger_balance, ledger_epoch, ledger_seal,"
    " ledger_refusal"
)


def red(named_test: Callable[[], None], attempts: int = 1) -> bool:
    """Whether the test fails; a race may need several attempts to show itself."""
    for _ in range(attempts):
        try:
            named_test()
        except (Exception, pytest.fail.Exception):
            return True
    return False


@contextmanager
def without(taken: str, restored: str) -> Iterator[None]:
    """Run one statement as superuser, and after the block another on an empty book."""
    with psycopg.connect(dsn(), autocommit=True) as session:
        session.execute(taken)
        try:
            yield
        finally:
            session.execute(f"TRUNCATE {ALL} CASCADE")
            session.execute(restored)


@contextmanager
def with_function(name: str, old: str, new_: str) -> Iterator[None]:
    """Change some words of a database function."""
    with psycopg.connect(dsn(), autocommit=True) as session:
        (source,) = session.execute("SELECT pg_get_functiondef(%s::regproc)", [name]).fetchone() or ("",)
    assert source.count(old) == 1
    with without(source.replace(old, new_), source):
        yield


def test_the_trigger_that_freezes_events() -> None:
    pay_in(context(), client=new(), amount=Decimal(1))
    named = test_append_only.TestTheOwner().test_is_stopped_by_triggers
    switch = "ALTER TABLE ledger_event {} TRIGGER ledger_event_frozen"
    with without(switch.format("DISABLE"), switch.format("ENABLE")):
        assert red(lambda: named(None, "ledger_event", "UPDATE"))


def test_the_rights_of_the_products_role() -> None:
    named = test_append_only.TestTheProductsRole().test_has_no_right_to_change_the_book
    grant, revoke = (
        "GRANT DELETE ON ledger_event TO praya_app",
        "REVOKE DELETE ON ledger_event FROM praya_app",
    )
    with without(grant, revoke), psycopg.connect(dsn(), autocommit=True) as session:
        assert red(lambda: named(session, "ledger_event", "DELETE"))


def test_the_check_on_the_side_of_balances() -> None:
    named = test_commands.TestRaces().test_a_double_spend_dies_whatever_the_order
    table, check = "ALTER TABLE ledger_balance", "CONSTRAINT ledger_balance_side"
    with without(f"{table} DROP {check}", f"{table} ADD {check} CHECK (side * amount >= 0)"):
        assert red(named)


def test_the_trigger_on_sums_of_zero() -> None:
    named = test_commands.TestOneCommand().test_a_command_that_makes_value_is_refused_by_the_database
    switch = "ALTER TABLE ledger_posting {} TRIGGER ledger_posting_zero_sum"
    with without(switch.format("DISABLE"), switch.format("ENABLE")):
        assert red(named)


def test_the_lock_on_the_key() -> None:
    named = test_commands.TestRaces().test_twelve_threads_with_one_key_make_one_entry_and_twelve_equal_answers
    with with_function("ledger_begin", "pg_advisory_xact_lock", "abs"):
        assert red(named, attempts=5)


def test_the_lock_on_the_stream() -> None:
    named = test_commands.TestRaces().test_twelve_threads_on_one_stream_make_versions_one_to_twelve
    with with_function("ledger_lock", "pg_advisory_xact_lock(k.lock)", "k.lock"):
        assert red(named, attempts=5)


def test_the_refusal_of_overtaken_transactions() -> None:
    named = test_seals.test_a_transaction_that_wrote_before_it_locked_cannot_follow_a_later_one
    with with_function("ledger_lock", "theirs > mine", "false"):
        assert red(named)


def test_the_window_of_the_sealer(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_early() -> int:
        return int(seals._value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))

    monkeypatch.setattr(seals, "_xmin", too_early)
    assert red(test_seals.test_an_unfinished_transaction_holds_back_what_began_after_it)


def test_the_lock_of_the_sealer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "_value", _always_locked(seals._value))
    assert red(test_seals.test_many_sealers_at_once_seal_each_event_once, attempts=5)


def _always_locked(value: Callable[..., Any]) -> Callable[..., Any]:
    def patched(query: str, params: Any = ()) -> Any:
        return True if "pg_try_advisory_xact_lock" in query else value(query, params)

    return patched


def test_the_chain_of_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    chained = hashing.event_hash
    monkeypatch.setattr(
        hashing, "event_hash", lambda **given: chained(**given | {"previous": hashing.GENESIS})
    )
    fill()
    assert red(lambda: test_integrity.test_an_event_edited_and_hashed_again_breaks_the_event_after_it(None))


def test_the_roots_of_the_seals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "_block", lambda *_: iter(()))
    fill()
    assert red(lambda: test_integrity.test_a_chain_rewritten_with_all_its_hashes_contradicts_the_seal(None))


def test_a_named_test_is_green_while_its_guarantee_stands() -> None:
    fill()
    test_integrity.test_an_event_edited_and_hashed_again_breaks_the_event_after_it(None)
