"""Proposals: what one person asks for runs once, when another who is entitled agrees, under both names."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_type_hints
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import connection

from brokerage.access import queries, rules
from brokerage.access.commands import (
    Proposed,
    approve,
    approve_each,
    expire_proposals,
    reject,
    submit,
    withdraw_proposal,
)
from brokerage.access.commands import proposals as module
from brokerage.access.models import ApiKey, Proposal, User
from brokerage.access.rules import Perm, ProposalState
from brokerage.access.tasks import expire
from brokerage.jobs.schedule import Run
from brokerage.ledger import codec, rebuild, seams
from brokerage.ledger import queries as ledger
from brokerage.ledger.amounts import positive
from brokerage.ledger.commands import KeyReused, NothingToDo, Receipt, command
from brokerage.ledger.entry import Context, Entry, SecondPersonNeeded, Source
from brokerage.ledger.models import Entry as EntryRow
from brokerage.ledger.models import Refusal
from brokerage.ledger.refusal import Refused
from tests.desk import member
from tests.ledger.book import Noted, in_threads

pytestmark = pytest.mark.django_db
MAY = frozenset({Perm.APPROVE_CALLS})


@command("test.raise")
def raise_to(entry: Entry, *, client: UUID, amount: Decimal, until: datetime | None = None) -> Decimal:
    """Note an amount; from 100 on it takes two people, from 1000 on the second needs another right too."""
    entry.lock(client)
    positive(amount)
    if any(row.event.text == "closed" for row in ledger.events(client)):
        raise NothingToDo("Closed meanwhile.")
    if amount >= 100:
        entry.second_person(Perm.APPROVE_CALLS, client=client)
    if amount >= 1000:
        entry.second_person(Perm.APPROVE_SALES)
    entry.record(client, Noted(text=f"{amount:f}"))
    return amount


@command("test.close")
def close(entry: Entry, *, client: UUID) -> None:
    """From now on test.raise has nothing to do."""
    entry.lock(client)
    entry.record(client, Noted(text="closed"))


@command("test.look-into", restricted=True)
def look_into(entry: Entry, *, client: UUID, amount: Decimal) -> None:
    """Note what only a few may know of, by two people."""
    entry.lock(client)
    positive(amount)
    entry.second_person(Perm.APPROVE_CALLS, client=client)
    entry.record(client, Noted(text="looked into"))


@pytest.fixture
def maker() -> User:
    return member("operations", name="mei")


@pytest.fixture
def checker() -> User:
    return member("operations-checker", name="ho")


def by(user: User, key: str | None = None) -> Context:
    """What this member of staff asks now."""
    return Context(
        actor=f"staff:{user.username}",
        source=Source.STAFF,
        key=f"staff:{user.username}:{key or uuid4()}",
        effective_at=seams.now(),
        maker=user.person,
    )


def propose(user: User, amount: int = 250, key: str | None = None, client: UUID | None = None) -> Proposed:
    """A proposal of test.raise."""
    answer = submit(by(user, key), raise_to, client=client or uuid4(), amount=Decimal(amount))
    assert isinstance(answer, Proposed)
    return answer


def propose_directly(user: User, name: str, **changed: Any) -> Receipt[UUID]:
    """A proposal made past `submit`, which no edge does."""
    asked = replace(by(user), proposal=uuid4(), **changed)
    permission = str(Perm.APPROVE_CALLS)
    return module.propose(asked, name=name, inputs={}, permission=permission, client=None, account=None)


def agree(user: User, proposed: Proposed, key: str | None = None, may: frozenset[Perm] = MAY) -> Receipt[Any]:
    """The approval of what was proposed."""
    return approve(by(user, key), proposal=proposed.proposal, digest=proposed.digest, permissions=may)


def refusal(act: Callable[[], object]) -> str:
    """The code with which the act is refused."""
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def state(proposed: Proposed) -> str:
    return queries.proposal(proposed.proposal).state


class TestSubmitting:
    def test_runs_at_once_what_one_person_may_do(self, maker: User) -> None:
        answer = submit(by(maker), raise_to, client=uuid4(), amount=Decimal(5))
        assert isinstance(answer, Receipt)
        assert answer.value == 5
        assert not Proposal.objects.exists()

    def test_keeps_what_takes_two_and_writes_nothing_else(self, maker: User) -> None:
        client = uuid4()
        asked = by(maker)
        proposed = submit(asked, raise_to, client=client, amount=Decimal(250))
        assert isinstance(proposed, Proposed)
        row = queries.proposal(proposed.proposal)
        assert (row.command, row.state, row.permission) == ("test.raise", "open", Perm.APPROVE_CALLS)
        assert (row.maker, row.maker_actor, row.client) == (maker.person, "staff:mei", client)
        assert row.inputs == {"client": str(client), "amount": "250.000000000000000000"}
        assert row.expires_at - row.made_at == timedelta(hours=72)
        assert ledger.events(client) == []
        assert EntryRow.objects.get().command == "access.propose"
        assert not Refusal.objects.exists()

    def test_proposes_nothing_that_would_be_refused(self, maker: User) -> None:
        asked = by(maker)
        assert refusal(lambda: submit(asked, raise_to, client=uuid4(), amount=Decimal(-5))).endswith("amount")
        assert not Proposal.objects.exists()

    def test_gives_the_same_key_the_same_answer(self, maker: User, checker: User) -> None:
        client = uuid4()
        first = propose(maker, key="k", client=client)
        again = propose(maker, key="k", client=client)
        assert (again, again.replayed) == (replace(first, replayed=True), True)
        agree(checker, first)
        assert propose(maker, key="k", client=client).proposal == first.proposal
        assert Proposal.objects.count() == 1
        with pytest.raises(KeyReused):
            propose(maker, 300, key="k", client=client)

    def test_of_nobody_is_no_proposal(self) -> None:
        asked = replace(by(User(username="job")), maker=None)
        with pytest.raises(SecondPersonNeeded):
            submit(asked, raise_to, client=uuid4(), amount=Decimal(250))


class TestApproval:
    def test_runs_the_command_in_one_entry_under_both_names(self, maker: User, checker: User) -> None:
        client = uuid4()
        proposed = propose(maker, client=client)
        receipt = agree(checker, proposed)
        entry = EntryRow.objects.get(pk=receipt.entry)
        assert (entry.command, entry.maker, entry.checker) == ("test.raise", maker.person, checker.person)
        assert (entry.proposal, entry.actor) == (proposed.proposal, "staff:ho")
        assert [row.event.text for row in ledger.events(client)] == ["250.000000000000000000"]
        decided = ledger.events(proposed.proposal)[-1]
        assert (decided.kind, decided.entry) == ("access.proposal-approved", receipt.entry)
        assert state(proposed) == "approved"

    def test_happens_once_and_is_answered_again_under_its_key(self, maker: User, checker: User) -> None:
        proposed = propose(maker)
        first = agree(checker, proposed, "k")
        again = agree(checker, proposed, "k")
        assert (again.entry, again.value, again.replayed) == (first.entry, Decimal(250), True)
        assert refusal(lambda: agree(checker, proposed)) == "access.proposal-not-open"

    def test_under_the_key_of_another_is_refused(self, maker: User, checker: User) -> None:
        client = uuid4()
        one, other = propose(maker, client=client), propose(maker, client=client)
        agree(checker, one, "k")
        with pytest.raises(KeyReused):
            agree(checker, other, "k")

    def test_is_not_for_the_maker_through_whatever_login(self, maker: User) -> None:
        second = member("operations-checker", name="mei-2")
        User.objects.filter(pk=second.pk).update(person=maker.person, another=True)
        second.refresh_from_db()
        proposed = propose(maker)
        assert refusal(lambda: agree(second, proposed)) == "access.own-proposal"
        assert state(proposed) == "open"

    def test_needs_the_right_that_the_command_demands(self, maker: User, checker: User) -> None:
        proposed = propose(maker)
        assert refusal(lambda: agree(checker, proposed, may=frozenset())) == "access.not-entitled"
        large = propose(maker, 5000)
        assert refusal(lambda: agree(checker, large)) == "access.not-entitled"
        assert ledger.events(queries.proposal(large.proposal).client or uuid4()) == []
        assert agree(checker, large, may=MAY | {Perm.APPROVE_SALES}).value == 5000

    def test_is_of_what_was_seen(self, maker: User, checker: User) -> None:
        seen, other = propose(maker, 250), propose(maker, 900)
        assert refusal(lambda: agree(checker, replace(other, digest=seen.digest))) == "access.digest-differs"

    def test_comes_in_time_or_not_at_all(self, maker: User, checker: User) -> None:
        proposed = propose(maker)
        with seams.using(clock=lambda: proposed.expires_at):
            assert refusal(lambda: agree(checker, proposed)) == "access.proposal-expired"

    def test_shows_what_the_command_refuses_now_and_leaves_the_proposal_open(
        self, maker: User, checker: User
    ) -> None:
        client = uuid4()
        proposed = propose(maker, client=client)
        close(by(maker), client=client)
        assert refusal(lambda: agree(checker, proposed)) == "ledger.nothing-to-do"
        assert state(proposed) == "open"

    def test_of_the_unknown_is_refused(self, checker: User) -> None:
        unknown = Proposed(uuid4(), "0" * 64, "", seams.now(), replayed=False)
        assert refusal(lambda: agree(checker, unknown)) == "access.unknown-proposal"

    @pytest.mark.parametrize("beside", [None, "client", "operations"])
    @pytest.mark.parametrize("what", ["closed", "right taken"])
    def test_is_refused_once_the_maker_may_no_longer_ask(
        self, maker: User, checker: User, what: str, beside: str | None
    ) -> None:
        """Whatever other login the same person has open beside it."""
        if beside:
            other = member(beside, name="mei-2", staff=beside != "client")
            User.objects.filter(pk=other.pk).update(person=maker.person, another=True)
        proposed = propose(maker)
        if what == "closed":
            User.objects.filter(pk=maker.pk).update(is_active=False)
        else:
            maker.groups.clear()
        assert refusal(lambda: agree(checker, proposed)) == "access.maker-not-entitled"
        assert state(proposed) == "open"

    @pytest.mark.parametrize("what", ["revoked", "out of time", "of another", "scope taken"])
    def test_is_refused_once_the_key_it_was_asked_with_is_ended(
        self, maker: User, checker: User, what: str
    ) -> None:
        now = seams.now()
        key = ApiKey.objects.create(
            id=uuid4(),
            prefix="abcdefghij",
            scopes=[Perm.MAKE_CALLS],
            networks=[],
            person=maker.person,
            made_at=now - timedelta(days=2),
            expires_at=now + timedelta(days=1),
        )
        asked = replace(by(maker), actor=f"machine:{key.prefix}", source=Source.API)
        proposed = submit(asked, raise_to, client=uuid4(), amount=Decimal(250))
        other = replace(by(maker), actor=f"machine:{key.prefix}", source=Source.API)
        approved = submit(other, raise_to, client=uuid4(), amount=Decimal(250))
        assert isinstance(proposed, Proposed)
        assert isinstance(approved, Proposed)
        agree(checker, approved)
        ended = {
            "revoked": {"revoked_at": now},
            "out of time": {"expires_at": now - timedelta(days=1)},
            "of another": {"person": member("operations", name="lin").person},
            "scope taken": {"scopes": [Perm.SEE_MARGIN]},
        }
        ApiKey.objects.update(**ended[what])
        assert refusal(lambda: agree(checker, proposed)) == "access.maker-not-entitled"
        assert state(proposed) == "open"

    @pytest.mark.parametrize(
        ("column", "value", "code"),
        [
            ("inputs", '{"client": "0192f3a0-0000-7000-8000-000000000000"}', "digest-differs"),
            ("command", "test.close", "digest-differs"),
            ("maker", "0192f3a0-0000-7000-8000-000000000000", "own-proposal"),
            ("state", "open", "proposal-not-open"),
        ],
    )
    def test_rests_on_the_book_whatever_the_product_wrote_over_the_row(
        self, maker: User, checker: User, column: str, value: str, code: str
    ) -> None:
        proposed = propose(maker)
        if column == "state":
            agree(checker, proposed)
        before = EntryRow.objects.count()
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE praya_app")
            cursor.execute(f"UPDATE access_proposal SET {column} = %s", [value])
            assert cursor.rowcount == 1
            cursor.execute("SET ROLE praya_owner")
        who = maker if column == "maker" else checker
        assert refusal(lambda: agree(who, proposed)) == f"access.{code}"
        assert EntryRow.objects.count() == before

    def test_of_a_command_that_is_gone_is_refused(
        self, maker: User, checker: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proposed = propose(maker)
        monkeypatch.setattr(module, "commands", dict)
        assert refusal(lambda: agree(checker, proposed)) == "access.proposal-outdated"

    def test_by_its_maker_is_refused_by_the_database_even_without_the_rule(
        self, maker: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proposed = propose(maker)
        monkeypatch.setattr(module.rules, "check_second", lambda *_: None)
        monkeypatch.setattr(Entry, "two_people", True)
        with pytest.raises(psycopg.errors.CheckViolation, match="ledger_entry_two_persons"):
            agree(maker, proposed)


@pytest.mark.django_db(transaction=True)
def test_twelve_who_approve_at_once_run_it_once() -> None:
    client = uuid4()
    proposed = propose(member("operations", name="mei"), client=client)
    checker = member("operations-checker", name="ho")

    def attempt() -> str:
        try:
            agree(checker, proposed)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "approved"

    answers = in_threads([attempt] * 12)
    assert answers.count("approved") == 1
    assert set(answers) == {"approved", "access.proposal-not-open"}
    assert len(ledger.events(client)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_crash_before_the_commit_leaves_the_proposal_open() -> None:
    client = uuid4()
    proposed = propose(member("operations", name="mei"), client=client)
    checker = member("operations-checker", name="ho")

    class Crash(BaseException):
        pass

    def die(point: str) -> None:
        raise Crash

    with suppress(Crash), seams.using(crash=die):
        agree(checker, proposed, "k")
    assert (state(proposed), ledger.events(client)) == ("open", [])
    assert not agree(checker, proposed, "k").replayed


class TestOtherEnds:
    def test_a_rejection_says_why_and_is_final(self, maker: User, checker: User) -> None:
        proposed = propose(maker)

        def no(reason: str, user: User = checker, may: frozenset[Perm] = MAY) -> None:
            reject(by(user), proposal=proposed.proposal, reason=reason, permissions=may)

        assert refusal(lambda: no(" ")) == "access.reason-missing"
        assert refusal(lambda: no("no", user=maker)) == "access.own-proposal"
        assert refusal(lambda: no("no", may=frozenset())) == "access.not-entitled"
        no("case 7 is not closed")
        row = queries.proposal(proposed.proposal)
        assert (row.state, row.reason, row.decided_by) == ("rejected", "case 7 is not closed", checker.person)
        assert refusal(lambda: agree(checker, proposed)) == "access.proposal-not-open"

    def test_a_withdrawal_is_the_makers(self, maker: User, checker: User) -> None:
        proposed = propose(maker)
        act = {"proposal": proposed.proposal}
        assert refusal(lambda: withdraw_proposal(by(checker), **act)) == "access.not-your-proposal"
        withdraw_proposal(by(maker), **act)
        assert state(proposed) == "withdrawn"
        assert refusal(lambda: withdraw_proposal(by(maker), **act)) == "access.proposal-not-open"

    def test_a_proposal_expires_by_its_job_and_no_sooner(self, maker: User, checker: User) -> None:
        proposed = propose(maker)

        def sweep(at: datetime) -> None:
            run = Run(id=uuid4(), job="access.expire-proposals", slot=at, late=False)
            with seams.using(clock=lambda: at):
                expire(run, queries.overdue(at))
                expire(run, [proposed.proposal])  # a shard may be repeated

        sweep(proposed.expires_at - timedelta(seconds=1))
        assert state(proposed) == "open"
        sweep(proposed.expires_at)
        assert state(proposed) == "expired"
        assert [row.kind for row in ledger.events(proposed.proposal)][1:] == ["access.proposal-expired"]
        with pytest.raises(NothingToDo):
            expire_proposals(by(maker), proposals=[proposed.proposal])

    def test_what_the_book_tells_of_decides_whether_a_proposal_expires(
        self, maker: User, checker: User
    ) -> None:
        early, approved = propose(maker), propose(maker)
        agree(checker, approved)
        Proposal.objects.update(state="open", expires_at=seams.now())
        with pytest.raises(NothingToDo):
            expire_proposals(by(maker), proposals=[early.proposal, approved.proposal])

    def test_each_of_several_is_approved_by_itself(self, maker: User, checker: User) -> None:
        checker.groups.add(*maker.groups.all())  # who may make it as well
        good, mine, gone = propose(maker), propose(checker), propose(maker)
        withdraw_proposal(by(maker), proposal=gone.proposal)
        chosen = {each.proposal: each.digest for each in (mine, gone, good)}
        decisions = approve_each(by(checker, "all"), chosen=chosen, permissions=MAY)
        assert [each.refusal and each.refusal.code for each in decisions] == [
            "access.own-proposal",
            "access.proposal-not-open",
            None,
        ]
        assert state(good) == ProposalState.APPROVED
        again = approve_each(by(checker, "all"), chosen=chosen, permissions=MAY)
        assert again[2].receipt is not None
        assert again[2].receipt.replayed


class TestWhoSees:
    def test_only_what_concerns_the_clients_in_scope_exists(self, maker: User) -> None:
        client = uuid4()
        proposed = propose(maker, client=client)
        assert queries.proposal(proposed.proposal, frozenset({client})).pk == proposed.proposal
        for scope in (frozenset[UUID](), frozenset({uuid4()})):
            assert refusal(lambda: queries.proposal(proposed.proposal, scope)) == "access.unknown-proposal"  # noqa: B023

    def test_what_waits_for_a_person_is_of_others_open_and_within_his_rights(
        self, maker: User, checker: User
    ) -> None:
        proposed, everything = propose(maker), queries.proposals(None)
        assert queries.waiting_for(checker.person, MAY, everything).get().pk == proposed.proposal
        assert not queries.waiting_for(maker.person, MAY, everything).exists()
        assert not queries.waiting_for(checker.person, {Perm.APPROVE_LIMITS}, everything).exists()
        with seams.using(clock=lambda: proposed.expires_at):
            assert not queries.waiting_for(checker.person, MAY, everything).exists()


class TestRules:
    def test_the_right_to_make_goes_with_the_right_to_approve(self) -> None:
        assert rules.making("access.approve_limits") is Perm.MAKE_LIMITS
        assert rules.making("access.see_margin") is None
        assert rules.making("access.approve_nothing") is None

    def test_no_role_makes_what_it_alone_approves_and_the_auditor_does_neither(self) -> None:
        for perm in Perm:
            make = rules.making(perm)
            approvers = {role for role, held in rules.ROLES.items() if perm in held}
            if make is not None:
                assert approvers, perm
                assert any(make in held for held in rules.ROLES.values()), perm
        auditor = rules.ROLES[rules.Role.AUDITOR]
        assert not {perm for perm in auditor if not perm.startswith("access.see_")}

    def test_a_digest_binds_the_name_and_every_input(self) -> None:
        inputs = {"a": "1", "b": "2"}
        assert rules.digest("x", inputs) == rules.digest("x", dict(reversed(inputs.items())))
        assert len({rules.digest("x", inputs), rules.digest("y", inputs), rules.digest("x", {"a": "1"})}) == 3

    def test_the_time_to_decide_is_dated_house_policy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        later = datetime(2027, 1, 1, tzinfo=UTC)
        monkeypatch.setattr(rules.proposals, "LASTING", (*rules.LASTING, (later, timedelta(hours=24))))
        assert rules.lasting(later - timedelta(seconds=1)) == timedelta(hours=72)
        assert rules.lasting(later) == timedelta(hours=24)
        assert rules.lasting(datetime(2020, 1, 1, tzinfo=UTC)) == timedelta(hours=72)


@pytest.mark.django_db(transaction=True)
def test_proposals_are_the_same_when_rebuilt() -> None:
    maker, checker = member("operations", name="mei"), member("operations-checker", name="ho")
    agree(checker, propose(maker))
    reject(by(checker), proposal=propose(maker).proposal, reason="no", permissions=MAY)
    assert {row.state for row in Proposal.objects.all()} == {"approved", "rejected"}
    assert "access_proposal" in rebuild.read_model_tables()
    assert rebuild.rebuild(check=True).identical


class TestRestricted:
    @pytest.mark.rule("CLI-12")
    def test_a_restricted_command_is_never_proposed_and_leaves_no_trace(self, maker: User) -> None:
        client, asked = uuid4(), by(maker, "same-key")
        with pytest.raises(rules.NeverProposed):
            submit(asked, look_into, client=client, amount=Decimal(1))
        assert not Proposal.objects.exists()
        assert not EntryRow.objects.exists()
        assert not Refusal.objects.exists()

    @pytest.mark.rule("CLI-12")
    def test_nor_under_the_key_of_a_proposal_that_was_made(self, maker: User) -> None:
        asked = by(maker, "same-key")
        submit(asked, raise_to, client=uuid4(), amount=Decimal(100))
        with pytest.raises(rules.NeverProposed):
            submit(asked, look_into, client=uuid4(), amount=Decimal(1))
        assert Proposal.objects.get().command == "test.raise"
        assert not Refusal.objects.exists()

    @pytest.mark.rule("CLI-12")
    def test_what_it_refuses_is_not_in_the_refusal_log(self, maker: User) -> None:
        with pytest.raises(Refused):
            submit(by(maker), look_into, client=uuid4(), amount=Decimal(-1))
        assert not Refusal.objects.exists()
        with pytest.raises(Refused):
            submit(by(maker), raise_to, client=uuid4(), amount=Decimal(-1))
        assert Refusal.objects.get().command == "test.raise"

    @pytest.mark.rule("CLI-12")
    def test_nor_by_asking_for_the_proposal_itself(self, maker: User) -> None:
        for name in (look_into.name, "test.no-such-command", module.propose.name):
            with pytest.raises(rules.NeverProposed):
                propose_directly(maker, name)
        assert not EntryRow.objects.exists()
        assert not Refusal.objects.exists()


class TestWhoProposes:
    def test_is_somebody_who_may_make_it(self, checker: User) -> None:
        assert refusal(lambda: propose(checker)) == "access.not-entitled"
        assert refusal(lambda: propose_directly(checker, raise_to.name)) == "access.not-entitled"
        assert not Proposal.objects.exists()

    def test_is_no_machine_and_no_job(self, maker: User) -> None:
        with pytest.raises(SecondPersonNeeded):
            propose_directly(maker, raise_to.name, maker=None)


def test_what_any_command_is_asked_can_be_kept_and_read_again() -> None:
    """Otherwise its proposal could be made and never approved."""
    for name, asked in module.commands().items():
        hints = {each: hint for each, hint in get_type_hints(asked.function).items() if each != "entry"}
        for each, hint in hints.items():
            assert codec._decoder(hint), (name, each)
