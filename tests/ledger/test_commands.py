"""The road of a command: one key, one entry; one stream, one order; a refusal leaves only a note."""

import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from django.db import OperationalError, connection

from brokerage.ledger import queries, seams, store
from brokerage.ledger.chart import Posting, Role
from brokerage.ledger.commands import (
    Busy,
    Command,
    FutureTime,
    KeyReused,
    NotReversible,
    UnknownEvent,
    command,
    commands,
    reverse,
)
from brokerage.ledger.entry import Entry, SecondPersonNeeded
from brokerage.ledger.models import Entry as EntryRow
from brokerage.ledger.models import Event, Refusal
from brokerage.ledger.registry import event
from brokerage.ledger.store import InsufficientBalance, PostedTwice, Unbalanced, UnopenedAccount

from .book import (
    BANK,
    Noted,
    Paid,
    bank,
    cash,
    context,
    dsn,
    in_threads,
    new,
    note,
    pay,
    pay_in,
)

HKD = (Role.CASH, "HKD")


@command("test.faulty")
def faulty(entry: Entry, *, client: str) -> None:
    """Does what no command may do."""
    owner = new()
    entry.lock(owner, BANK)
    if client != "unopened":
        entry.open(cash(owner), bank())
    postings = [Posting(cash(owner), Decimal(1))]
    if client == "twice":
        postings += [Posting(cash(owner), Decimal(1)), Posting(bank(), Decimal(-2))]
    entry.record(owner, Paid(amount=Decimal(1)), owner=owner, postings=postings)


@event("test.fee-taken")
@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTaken:
    """A kind that moves value and is not registered as reversible."""

    amount: Decimal


@command("test.fee")
def fee(entry: Entry, *, client: UUID) -> None:
    """A client's payment that no reversal takes back."""
    entry.lock(client, BANK)
    entry.open(cash(client), bank())
    postings = [Posting(bank(), Decimal(-1)), Posting(cash(client), Decimal(1))]
    entry.record(client, FeeTaken(amount=Decimal(1)), owner=client, postings=postings)


@command("test.decide")
def decide(entry: Entry, *, client: UUID) -> list[str]:
    """Takes two people; returns what the second of them must hold."""
    entry.lock(client)
    entry.second_person("test.approve", client=client)
    entry.record(client, Noted(text="decided"))
    return sorted(entry.demanded)


@command("test.careless")
def careless(entry: Entry, *, locks: bool) -> None:
    """Records without a lock, or nothing at all."""
    if not locks:
        entry.record(new(), Noted(text="no lock"))


_meeting = threading.Barrier(2)


@command("test.grasp")
def grasp(entry: Entry, *, stream: UUID, keys: tuple[int, ...]) -> None:
    """Take locks by Django's connection, as an ORM statement does; after each meet whoever else does."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        for key in keys:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
            with suppress(threading.BrokenBarrierError):
                _meeting.wait(0.3)
    entry.lock(stream)
    entry.record(stream, Noted(text="grasped"))


@command("test.interrupted")
def interrupted(entry: Entry, *, stream: UUID) -> None:
    """Takes too long by the database's own clock."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10ms'")
        cursor.execute("SELECT pg_sleep(1)")


@pytest.mark.django_db
class TestOneCommand:
    def test_answers_with_its_result_and_entry(self) -> None:
        client = new()
        receipt = pay_in(context(), client=client, amount=Decimal("2.5"))
        assert (receipt.value, receipt.replayed) == (Decimal("2.5"), False)
        assert EntryRow.objects.get().id == receipt.entry
        assert queries.balances(client) == {HKD: Decimal("2.5")}

    def test_replays_a_known_key_with_the_first_answer(self) -> None:
        client = new()
        first = pay_in(context("k"), client=client, amount=Decimal("2.50"))
        again = pay_in(context("k"), client=client, amount=Decimal("2.5"))
        assert (again.entry, again.value, again.replayed) == (first.entry, first.value, True)
        assert queries.balances(client) == {HKD: Decimal("2.5")}

    def test_replays_long_after_and_by_another_clock(self) -> None:
        first = note(context("k"), stream=BANK)
        with seams.using(clock=lambda: context().effective_at + timedelta(days=900)):
            assert note(context("k"), stream=BANK).entry == first.entry

    def test_refuses_a_key_with_other_inputs(self) -> None:
        pay_in(context("k"), client=new(), amount=Decimal(1))
        with pytest.raises(KeyReused):
            pay_in(context("k"), client=new(), amount=Decimal(1))
        with pytest.raises(KeyReused):
            note(context("k"), stream=new())
        assert EntryRow.objects.count() == 1

    def test_refuses_a_business_time_in_the_future(self) -> None:
        with pytest.raises(FutureTime):
            note(context(at=seams.now() + timedelta(seconds=3)), stream=new())
        note(context(at=seams.now() + timedelta(seconds=1)), stream=new())

    def test_a_refusal_writes_nothing_but_its_note_and_frees_its_key(self) -> None:
        client = new()
        pay_in(context(), client=client, amount=Decimal(5))
        before = Event.objects.count()
        with pytest.raises(InsufficientBalance):
            pay(context("k"), payer=client, payee=new(), amount=Decimal("5.01"))
        assert Event.objects.count() == before
        noted = Refusal.objects.get()
        assert (noted.key, noted.command, noted.code) == ("k", "test.pay", "ledger.insufficient-balance")
        pay(context("k"), payer=client, payee=new(), amount=Decimal(5))
        assert queries.balances(client) == {HKD: Decimal(0)}

    def test_a_command_that_makes_value_is_refused_by_the_database(self) -> None:
        with pytest.raises(Unbalanced):
            faulty(context(), client="unbalanced")
        assert not EntryRow.objects.exists()

    def test_a_command_that_posts_to_an_unopened_account_is_refused(self) -> None:
        with pytest.raises(UnopenedAccount):
            faulty(context(), client="unopened")
        assert not EntryRow.objects.exists()

    def test_a_command_that_posts_to_an_account_twice_in_one_event_is_refused(self) -> None:
        with pytest.raises(PostedTwice):
            faulty(context(), client="twice")
        assert not EntryRow.objects.exists()

    @pytest.mark.parametrize(("locks", "said"), [(False, "lock stream"), (True, "recorded no event")])
    def test_a_careless_command_is_a_programming_error(self, locks: bool, said: str) -> None:
        with pytest.raises(LookupError, match=said):
            careless(context(), locks=locks)

    @pytest.mark.parametrize("asked", [note, decide], ids=["written", "proposed"])
    def test_an_expected_version_that_no_lock_checks_is_a_programming_error(
        self, asked: Command[..., object]
    ) -> None:
        inputs = {"stream" if asked is note else "client": new()}
        with pytest.raises(LookupError, match="was expected"):
            asked(replace(context(), expects=(new(), 1)), **inputs)

    def test_is_found_by_its_name(self) -> None:
        assert commands()["test.pay-in"] is pay_in


@pytest.mark.django_db
class TestReversal:
    def test_takes_the_value_back_once(self) -> None:
        client = new()
        pay_in(context(), client=client, amount=Decimal(5))
        version = len(queries.events(client))
        reverse(context(), stream=client, version=version, reason="typed twice")
        assert queries.balances(client) == {HKD: Decimal(0)}
        with pytest.raises(NotReversible):
            reverse(context(), stream=client, version=version, reason="again")
        with pytest.raises(NotReversible):
            reverse(context(), stream=client, version=version + 1, reason="the reversal")

    def test_of_a_kind_whose_room_does_not_follow_reversals_is_refused(self) -> None:
        client = new()
        fee(context(), client=client)
        before = queries.balances(client)
        with pytest.raises(NotReversible, match="not taken back") as refused:
            reverse(context(), stream=client, version=len(queries.events(client)), reason="too dear")
        assert refused.value.evidence["kind"] == "test.fee-taken"
        assert queries.balances(client) == before

    def test_of_nothing_or_of_value_that_moved_on_is_refused(self) -> None:
        client = new()
        pay_in(context(), client=client, amount=Decimal(5))
        version = len(queries.events(client))
        pay(context(), payer=client, payee=new(), amount=Decimal(1))
        with pytest.raises(UnknownEvent):
            reverse(context(), stream=client, version=99, reason="-")
        with pytest.raises(InsufficientBalance):
            reverse(context(), stream=client, version=version, reason="too late")


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_twelve_threads_with_one_key_make_one_entry_and_twelve_equal_answers(self) -> None:
        client = new()
        answers = in_threads([lambda: pay_in(context("one"), client=client, amount=Decimal(3))] * 12)
        assert len({(answer.entry, answer.value) for answer in answers}) == 1
        assert Counter(answer.replayed for answer in answers) == {True: 11, False: 1}
        assert EntryRow.objects.count() == 1
        assert queries.balances(client) == {HKD: Decimal(3)}

    def test_twelve_threads_on_one_stream_make_versions_one_to_twelve(self) -> None:
        stream = new()
        answers = in_threads([lambda: note(context(), stream=stream)] * 12)
        assert sorted(answer.value for answer in answers) == list(range(1, 13))
        assert [item.version for item in queries.events(stream)] == list(range(1, 13))

    def test_a_double_spend_dies_whatever_the_order(self) -> None:
        client = new()
        pay_in(context(), client=client, amount=Decimal(10))

        def spend() -> bool:
            try:
                return bool(pay(context(), payer=client, payee=new(), amount=Decimal(6)))
            except InsufficientBalance:
                return False

        assert sum(in_threads([spend] * 8)) == 1
        assert queries.balances(client) == {HKD: Decimal(4)}

    def test_payments_in_both_directions_never_deadlock(self) -> None:
        one, other = new(), new()
        for client in (one, other):
            pay_in(context(), client=client, amount=Decimal(1000))

        def swap(payer: object, payee: object) -> int:
            return sum(
                not pay(context(), payer=payer, payee=payee, amount=Decimal(1)).replayed for _ in range(10)
            )

        done = in_threads([lambda: swap(one, other), lambda: swap(other, one)] * 8)
        assert done == [10] * 16
        assert queries.balances(one) == queries.balances(other) == {HKD: Decimal(1000)}
        assert not Refusal.objects.exists()

    def test_a_wait_in_vain_inside_the_orm_is_busy_and_writes_nothing(self) -> None:
        stream = new()
        with psycopg.connect(dsn()) as other:
            other.execute("SELECT pg_advisory_xact_lock(1)")
            with pytest.raises(Busy):
                grasp(context(), stream=stream, keys=(1,))
        assert queries.version(stream) == 0

    def test_a_deadlock_inside_the_orm_is_tried_again(self) -> None:
        _meeting.reset()
        stream = new()
        done = in_threads(
            [
                lambda keys=keys: grasp(context(), stream=stream, keys=keys).replayed
                for keys in ((1, 2), (2, 1))
            ]
        )
        assert (done, queries.version(stream)) == ([False, False], 2)

    def test_another_failure_of_the_database_is_no_busyness(self) -> None:
        with pytest.raises(OperationalError):
            interrupted(context(), stream=new())

    def test_a_second_caller_sees_what_the_first_wrote_while_it_waited(self) -> None:
        """The second call starts while the first holds its key, and answers only after its commit."""
        holding, order = threading.Event(), []

        def slow(point: str) -> None:
            if point == "before-commit":
                holding.set()
                time.sleep(0.3)
                order.append("first commits")

        def first() -> object:
            with seams.using(crash=slow):
                return note(context("k"), stream=BANK).entry

        def second() -> object:
            holding.wait()
            answer = note(context("k"), stream=BANK)
            order.append("second answers")
            return answer.entry

        assert len(set(in_threads([first, second]))) == 1
        assert order == ["first commits", "second answers"]

    def test_a_crash_before_commit_leaves_nothing_and_after_commit_everything(self) -> None:
        class Crash(BaseException):
            pass

        def crash(at: str) -> None:
            def die(point: str) -> None:
                if point == at:
                    raise Crash

            with pytest.raises(Crash), seams.using(crash=die):
                note(context(at), stream=BANK)

        crash("before-commit")
        assert not EntryRow.objects.exists()
        assert note(context("before-commit"), stream=BANK).value == 1
        crash("after-commit")
        assert note(context("after-commit"), stream=BANK).replayed
        assert store.lock([BANK])[BANK].version == 2


def test_the_bank_side_of_a_payment_is_debit_normal() -> None:
    assert bank().role.side == -1
    assert cash(BANK).role.side == 1


@pytest.mark.django_db
class TestTwoPeople:
    MAKER, CHECKER = UUID(int=1), UUID(int=2)

    def test_may_do_what_one_may_not(self) -> None:
        asked = replace(context(), maker=self.MAKER, checker=self.CHECKER)
        assert decide(asked, client=new()).value == ["test.approve"]
        row = EntryRow.objects.get(key=asked.key)
        assert (row.maker, row.checker) == (self.MAKER, self.CHECKER)

    @pytest.mark.parametrize(
        ("maker", "checker"), [(None, None), (MAKER, None), (None, CHECKER), (MAKER, MAKER)]
    )
    def test_are_not_one_and_the_lack_of_one_is_no_refusal_to_note(
        self, maker: UUID | None, checker: UUID | None
    ) -> None:
        client = new()
        with pytest.raises(SecondPersonNeeded) as refused:
            decide(replace(context(), maker=maker, checker=checker), client=client)
        assert refused.value.permission == "test.approve"
        assert refused.value.evidence == {"permission": "test.approve", "client": client}
        assert not Refusal.objects.exists()
        assert not Event.objects.filter(stream=client).exists()

    def test_are_two_to_the_database_too(self) -> None:
        alone = replace(context(), maker=self.MAKER, checker=self.MAKER)
        with pytest.raises(psycopg.errors.CheckViolation, match="ledger_entry_two_persons"):
            note(alone, stream=BANK)
