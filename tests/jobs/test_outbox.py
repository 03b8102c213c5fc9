"""Messages leave with their transaction, arrive at least once under one id, and act exactly once."""

import contextvars
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.db import connection, transaction

from brokerage.jobs import commands, outbox, queries
from brokerage.jobs.models import Outbox
from brokerage.jobs.outbox import Message

from .world import World


class Receiver:
    """The outside: told any number of times, acts once an id."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.acts: dict[UUID, str] = {}
        self.deaf = False
        outbox.handler("test.notice")(self.receive)

    def receive(self, message: Message) -> None:
        self.told.append(message)
        if self.deaf:
            raise ConnectionError("nobody answers")
        self.acts.setdefault(message.id, message.key)


def leave(*keys: str) -> None:
    with transaction.atomic():
        for key in keys:
            outbox.put("test.notice", key, {"call": key})


@pytest.mark.django_db
class TestPut:
    def test_a_transaction_that_rolls_back_leaves_no_message(self, world: World) -> None:
        """W4."""
        with transaction.atomic():
            outbox.put("test.notice", "a", {})
            transaction.set_rollback(True)
        assert not Outbox.objects.exists()

    def test_the_same_key_leaves_one_message(self, world: World) -> None:
        leave("a", "a")
        leave("a")
        assert Outbox.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_refused(world: World) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        outbox.put("test.notice", "a", {})


@pytest.mark.django_db
class TestRelay:
    def test_it_sends_in_order_and_once(self, world: World) -> None:
        receiver = Receiver()
        leave("a", "b", "c")
        assert (outbox.relay(), outbox.relay()) == (3, 0)
        assert [message.key for message in receiver.told] == ["a", "b", "c"]
        assert receiver.told[0].payload == {"call": "a"}
        assert queries.outbox_status(world.now).depth == 0

    @pytest.mark.parametrize(("point", "told"), [("jobs.after-claim", 1), ("jobs.after-send", 2)])
    def test_a_sender_that_dies_is_followed_by_another_with_the_same_id(
        self, world: World, point: str, told: int
    ) -> None:
        """W3."""
        receiver = Receiver()
        leave("a")
        world.dies_at(point, outbox.relay)
        assert outbox.relay() == 0
        world.wait(seconds=61)
        assert outbox.relay() == 1
        assert len(receiver.told) == told
        assert list(receiver.acts.values()) == ["a"]
        world.wait(hours=1)
        assert outbox.relay() == 0

    def test_a_late_failure_changes_nothing_for_the_sender_that_took_over(self, world: World) -> None:
        receiver = Receiver()
        receiver.deaf = True
        leave("a")
        late = outbox.claim()
        assert late is not None
        world.wait(seconds=61)
        holder = outbox.claim()
        outbox.deliver(late)
        assert Outbox.objects.get() == holder
        assert Outbox.objects.get().next_at == world.now + outbox.LEASE

    def test_five_failures_park_it_and_the_next_goes_out(self, world: World) -> None:
        receiver = Receiver()
        receiver.deaf = True
        leave("a")
        for _ in range(20):
            outbox.relay()
            world.wait(minutes=1)
        assert len(receiver.told) == 5
        parked = queries.parked_items().get()
        assert (parked.business_key, parked.attempts, parked.error) == (
            "a",
            5,
            "ConnectionError: nobody answers",
        )
        receiver.deaf = False
        leave("b")
        commands.retry(parked.id, resolver="staff:ann")
        outbox.relay()
        assert sorted(receiver.acts.values()) == ["a", "b"]

    def test_a_message_that_always_kills_its_sender_is_parked(self, world: World) -> None:
        Receiver()
        leave("a")
        for _ in range(5):
            world.dies_at("jobs.after-claim", outbox.relay)
            world.wait(seconds=61)
        outbox.relay()
        assert queries.parked_items().get().source == "outbox"

    def test_a_kind_nobody_handles_waits(self, world: World) -> None:
        leave("a")
        assert outbox.relay() == 0
        world.wait(minutes=5)
        status = queries.outbox_status(world.now)
        assert (status.depth, status.oldest.total_seconds()) == (1, 300)

    def test_a_kind_has_one_handler(self, world: World) -> None:
        Receiver()
        with pytest.raises(ValueError, match="already"):
            Receiver()


@pytest.mark.django_db(transaction=True)
def test_four_senders_at_once_send_each_message_once(world: World) -> None:
    receiver = Receiver()
    leave(*(f"n{number}" for number in range(40)))

    def send(context: contextvars.Context) -> int:
        try:
            return context.run(outbox.relay)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(send, [contextvars.copy_context() for _ in range(4)])) == 40
    assert set(Counter(message.key for message in receiver.told).values()) == {1}
