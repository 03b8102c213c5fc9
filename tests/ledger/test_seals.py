"""The sealer: windows, blocks, signatures, epochs."""

from decimal import Decimal

import psycopg
import pytest
from django.db import transaction

from brokerage.ledger import blocks, feed, hashing, integrity, seals, signing, signs, snapshots, store
from brokerage.ledger.models import Epoch, Event, Seal

from .book import bank, context, dsn, in_threads, lend_from_nowhere, new, note, pay_in, take_out

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_empty_window_writes_nothing() -> None:
    assert seals.seal() == 0
    assert not Seal.objects.exists()


def test_the_first_seal_opens_epoch_one_and_covers_all_events() -> None:
    pay_in(context(), client=new(), amount=Decimal(100))
    assert seals.seal() == Event.objects.count() == 3
    seal = seals.last_seal()
    assert (seal.first_position, seal.count, seal.epoch, seal.previous) == (1, 3, 1, hashing.GENESIS)
    assert Epoch.objects.get().first_xid == 0


def test_seals_are_linked_gapless_and_signed() -> None:
    for _ in range(3):
        note(context(), stream=new(), texts=("a", "b"))
        assert seals.seal() == 2
    first, second, third = (blocks.Seal(*row) for row in Seal.objects.values_list(*blocks.SEAL))
    assert [s.first_position for s in (first, second, third)] == [1, 3, 5]
    assert (second.previous, third.previous) == (first.digest, second.digest)
    assert second.xid_from == first.xid_until
    assert all(signing.signed_by(s.key_id, s.digest, s.signature) for s in (first, second, third))
    assert not signing.signed_by(first.key_id, first.digest, second.signature)


def test_a_large_window_becomes_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 4)
    note(context(), stream=new(), texts=tuple("abcdefghij"))
    assert seals.seal() == 10
    stored = list(Seal.objects.order_by("first_position").values_list("first_position", "count", "xid_from"))
    assert stored == [(1, 4, 0), (5, 4, 0), (9, 2, 0)]
    assert [item.position for item in feed.read(0)] == list(range(1, 11))


def test_an_unfinished_transaction_holds_back_what_began_after_it() -> None:
    with psycopg.connect(dsn()) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        note(context(), stream=new())
        assert seals.seal() == 0
        held = seals.blocker()
        assert held
        assert held.pid == slow.info.backend_pid
        slow.rollback()
    assert seals.seal() == 1


def test_many_sealers_at_once_seal_each_event_once() -> None:
    for _ in range(20):
        note(context(), stream=new())

    assert sum(in_threads([seals.seal] * 12)) == 20
    assert [item.position for item in feed.read(0)] == list(range(1, 21))


def test_a_transaction_that_wrote_before_it_locked_cannot_follow_a_later_one() -> None:
    stream = new()
    note(context(), stream=stream)
    with transaction.atomic():
        store.cursor().execute("SELECT pg_current_xact_id()")
        in_threads([lambda: note(context(), stream=stream)])
        with pytest.raises(psycopg.errors.SerializationFailure):
            store.lock([stream])


def test_a_bank_account_in_credit_is_logged_once_a_block_and_found_by_verification(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 4)
    client = new()
    pay_in(context(), client=client, amount=Decimal(5))
    assert seals.seal() == 3
    take_out(context(), client=client, amount=Decimal(5))
    snapshots.take()
    assert signs.wrong_sides() == []
    lend_from_nowhere(context(), amount=Decimal(2))
    assert signs.wrong_sides() == [signs.WrongSide(bank(), Decimal(2))]
    note(context(), stream=client, texts=tuple("abcd"))
    seals.seal()
    assert "bank-client" in caplog.text
    assert any("wrong side of zero" in found.what for found in integrity.verify())
