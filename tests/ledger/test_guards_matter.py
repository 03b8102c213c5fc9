"""Each guarantee of the ledger, taken away: the test that is named for it is green before, and red after."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError

from brokerage.ledger import hashing, integrity, seals

from . import test_append_only, test_commands, test_integrity, test_seals
from .book import context, dsn, fill, new, pay_in

pytestmark = pytest.mark.django_db(transaction=True)
ALL = (
    "ledger_entry, ledger_event, ledger_posting, ledger_account, ledger_balance, ledger_epoch, ledger_seal,"
    " ledger_refusal, ledger_snapshot_run"
)
RACES = 5
"""How often a race is run to show itself."""
DOUBLED = (psycopg.errors.UniqueViolation, IntegrityError)
"""What a unique key says where a lock used to keep two writers apart."""


def empty() -> None:
    """A book without a row, as every test expects it."""
    with psycopg.connect(dsn(), autocommit=True) as session:
        session.execute(f"TRUNCATE {ALL} CASCADE")


def matters(
    named_test: Callable[[], None],
    taken: AbstractContextManager[None],
    *,
    attempts: int = 1,
    breaks: tuple[type[Exception], ...] = (),
) -> bool:
    """Whether the test, green on an empty book, fails in one of some attempts once the guarantee is taken.

    Only a failed assertion counts, or one of the errors that take its place.
    """
    empty()
    named_test()
    with taken:
        for _ in range(attempts):
            empty()
            try:
                named_test()
            except (AssertionError, pytest.fail.Exception, *breaks):
                return True
            finally:
                empty()
    return False


@contextmanager
def without(taken: str, restored: str) -> Iterator[None]:
    """Run one statement as superuser, and after the block another."""
    with psycopg.connect(dsn(), autocommit=True) as session:
        session.execute(taken)
        try:
            yield
        finally:
            session.execute(restored)


@contextmanager
def with_function(name: str, old: str, new_: str) -> Iterator[None]:
    """Change some words of a database function."""
    with psycopg.connect(dsn(), autocommit=True) as session:
        (source,) = session.execute("SELECT pg_get_functiondef(%s::regproc)", [name]).fetchone() or ("",)
    assert source.count(old) == 1
    with without(source.replace(old, new_), source):
        yield


@contextmanager
def replaced(module: object, name: str, value: object) -> Iterator[None]:
    """Put another function in the place of one of the product's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, value)
        yield


def test_the_trigger_that_freezes_events() -> None:
    def named() -> None:
        pay_in(context(), client=new(), amount=Decimal(1))
        test_append_only.TestTheOwner().test_is_stopped_by_triggers(None, "ledger_event", "UPDATE")

    switch = "ALTER TABLE ledger_event {} TRIGGER ledger_event_frozen"
    assert matters(named, without(switch.format("DISABLE"), switch.format("ENABLE")))


def test_the_rights_of_the_products_role() -> None:
    def named() -> None:
        with psycopg.connect(dsn(), autocommit=True) as session:
            test_append_only.TestTheProductsRole().test_has_no_right_to_change_the_book(
                session, "ledger_event", "DELETE"
            )

    grant, revoke = (
        "GRANT DELETE ON ledger_event TO praya_app",
        "REVOKE DELETE ON ledger_event FROM praya_app",
    )
    assert matters(named, without(grant, revoke))


def test_the_check_on_the_side_of_balances() -> None:
    named = test_commands.TestRaces().test_a_double_spend_dies_whatever_the_order
    table, check = "ALTER TABLE ledger_balance", "CONSTRAINT ledger_balance_side"
    assert matters(named, without(f"{table} DROP {check}", f"{table} ADD {check} CHECK (side * amount >= 0)"))


def test_the_trigger_on_sums_of_zero() -> None:
    named = test_commands.TestOneCommand().test_a_command_that_makes_value_is_refused_by_the_database
    switch = "ALTER TABLE ledger_posting {} TRIGGER ledger_posting_zero_sum"
    assert matters(named, without(switch.format("DISABLE"), switch.format("ENABLE")))


def test_the_lock_on_the_key() -> None:
    named = test_commands.TestRaces().test_twelve_threads_with_one_key_make_one_entry_and_twelve_equal_answers
    taken = with_function("ledger_begin", "pg_advisory_xact_lock", "abs")
    assert matters(named, taken, attempts=RACES, breaks=DOUBLED)


def test_the_lock_on_the_stream() -> None:
    named = test_commands.TestRaces().test_twelve_threads_on_one_stream_make_versions_one_to_twelve
    taken = with_function("ledger_lock", "pg_advisory_xact_lock(k.lock)", "k.lock")
    assert matters(named, taken, attempts=RACES, breaks=DOUBLED)


def test_the_refusal_of_overtaken_transactions() -> None:
    named = test_seals.test_a_transaction_that_wrote_before_it_locked_cannot_follow_a_later_one
    assert matters(named, with_function("ledger_lock", "theirs > mine", "false"))


def test_the_window_of_the_sealer() -> None:
    def too_early() -> int:
        return int(seals._value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"))

    named = test_seals.test_an_unfinished_transaction_holds_back_what_began_after_it
    assert matters(named, replaced(seals, "_xmin", too_early))


def test_the_lock_of_the_sealer() -> None:
    named = test_seals.test_many_sealers_at_once_seal_each_event_once
    taken = replaced(seals, "_value", _always_locked(seals._value))
    assert matters(named, taken, attempts=RACES, breaks=DOUBLED)


def _always_locked(value: Callable[..., Any]) -> Callable[..., Any]:
    def patched(query: str, params: Any = ()) -> Any:
        return True if "pg_try_advisory_xact_lock" in query else value(query, params)

    return patched


def test_the_chain_of_hashes() -> None:
    def unchained(**given: Any) -> bytes:
        return chained(**given | {"previous": hashing.GENESIS})

    def named() -> None:
        fill()
        test_integrity.test_an_event_edited_and_hashed_again_breaks_the_event_after_it(None)

    chained = hashing.event_hash
    assert matters(named, replaced(hashing, "event_hash", unchained))


def test_the_roots_of_the_seals() -> None:
    def named() -> None:
        fill()
        test_integrity.test_a_chain_rewritten_with_all_its_hashes_contradicts_the_seal(None)

    assert matters(named, replaced(integrity, "_block", lambda *_: iter(())))


def test_a_guarantee_that_is_not_taken_turns_nothing_red() -> None:
    """A test that cannot be run twice would be red by itself."""
    named = test_commands.TestRaces().test_twelve_threads_with_one_key_make_one_entry_and_twelve_equal_answers
    assert not matters(named, nullcontext(), attempts=RACES, breaks=DOUBLED)
