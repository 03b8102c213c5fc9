from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from brokerage.clients import queries, vault
from brokerage.clients.commands import approve_application, change_status, end_authority
from brokerage.clients.commands.holds import (
    lift_hold,
    place_hold,
    report_death,
    report_insolvency,
    withdraw_report,
)
from brokerage.clients.commands.reviews import (
    change_circumstances,
    do_review,
    plan_reviews,
    raise_review,
    set_review,
)
from brokerage.clients.commands.screening import clear_hit, screen
from brokerage.clients.commands.standing_authorities import give_standing_authority
from brokerage.clients.events.holds import HoldPlaced
from brokerage.clients.models import Client, StandingAuthority
from brokerage.clients.past import client_as_of
from brokerage.clients.projections.client import evolved_client
from brokerage.clients.queries import client as client_of
from brokerage.clients.queries import in_the_hands_of
from brokerage.clients.queries.holds import authorities_of, holds_on
from brokerage.clients.queries.reviews import review, reviews_due, unreviewed
from brokerage.clients.rules.application import PartyRole
from brokerage.clients.rules.authority import Capacity
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.holds import (
    BadHoldReference,
    Befell,
    Ground,
    HoldInPlace,
    LiftReason,
    UnknownHold,
    Withdrawal,
    WrongWithdrawal,
)
from brokerage.clients.rules.mandate import BadMandate, MandateNotMet
from brokerage.clients.rules.person import CannotAct
from brokerage.clients.rules.reviews import (
    BadReviewDate,
    Circumstance,
    NoReview,
    ReviewKind,
    ReviewOutcome,
    latest_due,
)
from brokerage.clients.rules.screening import ClearReason, Outcome
from brokerage.clients.rules.standing_authorities import Purpose
from brokerage.clients.rules.status import BadTransition, ClientClosed, ClientStatus, ClientType
from brokerage.clients.tasks import plan_and_raise_reviews
from brokerage.config import newcomers
from brokerage.jobs.schedule import Run
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import SecondPersonNeeded, Source
from brokerage.ledger.rebuild import rebuild
from brokerage.market.rules.calendars import hong_kong_date
from custody import commands as custody
from custody.rules import NotEmpty
from custody.tasks import call_dormant
from tests.clients.test_screening import holder, person
from tests.factories import AccountFactory, BankFactory, ClientFactory, DepositFactory, by_two, context
from tests.onboarding import (
    DESK,
    OnboardedClientFactory,
    company,
    entitled,
    furnish_onboarding,
    listed,
    matched,
)

pytestmark = pytest.mark.django_db(transaction=True)


def today() -> date:
    return hong_kong_date(seams.now())


def run(at: datetime | None = None) -> Run:
    return Run(id=uuid4(), job="test", slot=at or seams.now(), late=False)


class TestAHold:
    @pytest.mark.rule("CLI-13")
    def test_freezes_at_once_and_takes_two_people_to_lift(self):
        client = ClientFactory()
        hold = place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-12/2026").value
        assert client_of(client).status == ClientStatus.FROZEN
        with pytest.raises(SecondPersonNeeded):
            lift_hold(context(), client=client, hold=hold, reason=LiftReason.ORDER_DISCHARGED)
        lift_hold(by_two(), client=client, hold=hold, reason=LiftReason.ORDER_DISCHARGED)
        assert client_of(client).status == ClientStatus.ACTIVE
        with pytest.raises(UnknownHold):
            lift_hold(by_two(), client=client, hold=hold, reason=LiftReason.ORDER_DISCHARGED)

    @pytest.mark.rule("CLI-13")
    def test_lifted_leaves_the_client_frozen_while_another_stands(self):
        client = ClientFactory()
        change_status(context(), client=client, status=ClientStatus.SUSPENDED, reason="CASE-7")
        first = place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-1").value
        second = place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-2").value
        lift_hold(by_two(), client=client, hold=first, reason=LiftReason.ORDER_DISCHARGED)
        assert client_of(client).status == ClientStatus.FROZEN
        lift_hold(by_two(), client=client, hold=second, reason=LiftReason.ORDER_DISCHARGED)
        assert client_of(client).status == ClientStatus.SUSPENDED

    def test_stands_in_the_way_of_closing(self):
        client = ClientFactory()
        place_hold(context(), client=client, ground=Ground.HOUSE, reference="CASE-1")
        with pytest.raises(HoldInPlace):
            custody.close_client(by_two(), client=client, reason="LEFT")

    @pytest.mark.parametrize("reference", ["", "a", "Chan Tai Man", "X" * 33])
    def test_is_named_by_a_case_number_only(self, reference):
        with pytest.raises(BadHoldReference):
            place_hold(context(), client=ClientFactory(), ground=Ground.COURT, reference=reference)


def acts_no_more(befell=report_death):
    """A joint holder cannot act although no hold is left; the other one goes on alone."""
    one, other = person("One"), person("Other")
    client = ClientFactory(type=ClientType.JOINT)
    for each in (one, other):
        entitled(client, each)
    befell(context(), person=one, reference="DC-2026-3")
    (hold,) = holds_on(client)
    lift_hold(by_two(), client=client, hold=hold, reason=LiftReason.SURVIVORSHIP)
    given = {"client": client, "ends": today() + timedelta(days=30), "revocation_stated": True}
    with pytest.raises(MandateNotMet):
        give_standing_authority(
            context(source=Source.PORTAL, maker=one), **given, purpose=Purpose.CLIENT_MONEY
        )
    signed = newcomers.paper(DESK, one, DocumentKind.SIGNATURE)
    with pytest.raises(UnknownDocument):
        give_standing_authority(context(), **given, purpose=Purpose.CLIENT_MONEY, documents=[signed])
    assert queries.mandate(client).people == queries.authority_holders(client) == {other}
    assert in_the_hands_of(one) == frozenset()
    with pytest.raises(BadMandate):
        end_authority(context(), client=client, person=other, capacity=Capacity.HOLDER, reason="LEFT")
    survivor = context(source=Source.PORTAL, maker=other)
    give_standing_authority(survivor, **given, purpose=Purpose.CLIENT_MONEY)
    end_authority(context(), client=client, person=one, capacity=Capacity.HOLDER, reason="PROBATE")


class TestADeath:
    @pytest.mark.rule("CLI-13")
    def test_freezes_what_the_person_held_and_ends_what_the_person_could_do(self):
        somebody = person("Departed")
        client = holder(somebody)
        company = ClientFactory(type=ClientType.CORPORATE)
        entitled(company, somebody, Capacity.SIGNATORY)
        report_death(context(), person=somebody, reference="DC-2026-1")
        assert list(holds_on(client).values()) == [Ground.DEATH]
        assert client_of(client).status == ClientStatus.FROZEN
        assert in_the_hands_of(somebody) == frozenset()
        assert authorities_of(client) == [(somebody, Capacity.HOLDER)]
        assert authorities_of(company) == []
        assert client_of(company).status == ClientStatus.ACTIVE

    def test_ends_no_authority_of_other_joint_holders(self):
        one, other = person("One"), person("Other")
        client = ClientFactory(type=ClientType.JOINT)
        entitled(client, one)
        entitled(client, other)
        report_death(context(), person=one, reference="DC-2026-2")
        assert client in in_the_hands_of(other)

    @pytest.mark.rule("CLI-13")
    def test_is_reported_once_under_a_reference_and_withdrawn_as_an_error_only(self):
        somebody = person("Departed")
        holder(somebody)
        for _ in range(2):
            report_death(context(), person=somebody, reference="DC-1")
            with pytest.raises(NothingToDo):
                report_death(context(), person=somebody, reference="DC-1")
            report_death(context(), person=somebody, reference="DC-2")
            with pytest.raises(WrongWithdrawal):
                withdraw_report(by_two(), person=somebody, what=Befell.DEATH, reason=Withdrawal.DISCHARGED)
            withdraw_report(by_two(), person=somebody, what=Befell.DEATH, reason=Withdrawal.ERROR)
        report_insolvency(context(), person=somebody, reference="DC-1")
        withdraw_report(by_two(), person=somebody, what=Befell.INSOLVENCY, reason=Withdrawal.DISCHARGED)

    @pytest.mark.rule("CLI-13")
    @pytest.mark.parametrize("befell", [report_death, report_insolvency])
    def test_or_insolvency_leaves_nobody_acting_but_the_survivor(self, befell):
        acts_no_more(befell)

    def test_reported_in_error_takes_nothing_away(self):
        somebody = person("Alive")
        client = holder(somebody)
        report_death(context(), person=somebody, reference="DC-1")
        withdraw_report(by_two(), person=somebody, what=Befell.DEATH, reason=Withdrawal.ERROR)
        assert in_the_hands_of(somebody) == {client}
        assert queries.authority_holders(client) == {somebody}

    def test_and_insolvency_are_two_holds(self):
        somebody = person("Departed")
        client = holder(somebody)
        report_death(context(), person=somebody, reference="DC-1")
        report_insolvency(context(), person=somebody, reference="HCB-1")
        assert sorted(holds_on(client).values()) == [Ground.BANKRUPTCY, Ground.DEATH]


def firm() -> tuple[UUID, dict[PartyRole, UUID]]:
    """A company that was taken on, and one person of each role."""
    newcomer = company()
    client = OnboardedClientFactory(newcomer=newcomer)
    return client, {role: each.id for each in reversed(newcomer.people) for role in each.roles}


class TestWhoIsBehindACompany:
    @pytest.fixture(name="firm")
    def taken_on(self) -> tuple[UUID, dict[PartyRole, UUID]]:
        return firm()

    @pytest.mark.rule("CLI-10", "CLI-11")
    @pytest.mark.parametrize("role", [PartyRole.ENTITY, PartyRole.CONTROLLER, PartyRole.DIRECTOR])
    def test_stops_it_by_a_hit_until_two_people_clear_it(self, firm, role):
        client, people = firm
        details = vault.known(queries.person(people[role]).version)
        listed(f"UN-1,sanction,{details.names[0]},,,HK,UN", dated=date(2026, 11, 2))
        assert screen(context(), person=people[role]).value is Outcome.HIT
        assert list(holds_on(client).values()) == [Ground.SCREENING]
        shown = client_as_of(client, seams.now()).screenings[people[role]]
        assert shown.waiting == 1
        clear_hit(by_two(), **matched(people[role]), reason=ClearReason.OTHER_IDENTITY_DOCUMENT)
        assert client_of(client).status == ClientStatus.ACTIVE

    @pytest.mark.rule("CLI-13")
    def test_freezes_it_when_it_is_wound_up_itself(self, firm):
        client, people = firm
        report_insolvency(context(), person=people[PartyRole.ENTITY], reference="HCCW-1")
        assert list(holds_on(client).values()) == [Ground.BANKRUPTCY]

    @pytest.mark.rule("CLI-9", "CLI-13")
    def test_freezes_it_no_more_once_it_is_closed(self, firm):
        client, people = firm
        custody.close_client(by_two(), client=client, reason="LEFT")
        report_insolvency(context(), person=people[PartyRole.ENTITY], reference="HCCW-1")
        assert (client_of(client).status, client_of(client).holds) == ("closed", {})

    @pytest.mark.rule("CLI-13")
    def test_and_died_has_it_reviewed(self, firm):
        client, people = firm
        report_death(context(), person=people[PartyRole.CONTROLLER], reference="DC-1")
        assert client_of(client).status == ClientStatus.ACTIVE
        assert review(client, ReviewKind.CIRCUMSTANCES).due == today() + timedelta(days=30)

    @pytest.mark.rule("CLI-13")
    def test_may_not_be_dead_when_it_is_taken_on(self):
        newcomer = company()
        furnish_onboarding()
        application = newcomers.apply(DESK, newcomer)
        newcomers.go_on(DESK, application, newcomer)
        report_death(context(), person=newcomer.people[-1].id, reference="DC-1")
        with pytest.raises(CannotAct):
            approve_application(by_two(), application=application, reference="CORP-9")


class TestClosing:
    @pytest.mark.rule("CLI-9", "CLI-13")
    def test_is_final_and_keeps_its_day(self):
        somebody = person("Gone")
        client = holder(somebody)
        wanted = {"purpose": Purpose.CLIENT_MONEY, "ends": today(), "revocation_stated": True}
        asked = context(source=Source.PORTAL, maker=somebody)
        give_standing_authority(asked, client=client, **wanted)
        custody.close_client(by_two(), client=client, reason="LEFT")
        closed = client_of(client)
        assert not in_the_hands_of(somebody)
        assert StandingAuthority.objects.get().end == "client-closed"
        report_death(context(), person=somebody, reference="DC-9")
        with pytest.raises(ClientClosed):
            place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-1")
        after = client_of(client)
        assert (after.status, after.status_at, after.holds) == ("closed", closed.status_at, {})
        assert rebuild(check=True).identical

    @pytest.mark.rule("CLI-9", "CLI-13")
    def test_leaves_nobody_who_could_be_let_act_again(self):
        client = ClientFactory()
        somebody = entitled(client)
        custody.close_client(by_two(), client=client, reason="LEFT")
        with pytest.raises(ClientClosed):
            entitled(client, somebody)
        assert not in_the_hands_of(somebody)

    def test_stands_in_books_in_which_a_hold_came_later(self):
        row = Client(status=ClientStatus.CLOSED, base=ClientStatus.CLOSED, holds={}, status_at=seams.now())
        placed = HoldPlaced(hold=uuid4(), ground=Ground.COURT, reference="HCMP-1")
        recorded = SimpleNamespace(event=placed, effective_at=seams.now())
        before = row.status_at
        assert evolved_client(row, recorded).status == ClientStatus.CLOSED
        assert row.status_at == before

    @pytest.mark.rule("CLI-13")
    def test_leaves_nothing_behind(self):
        BankFactory()
        client = ClientFactory()
        account = AccountFactory(client=client)
        DepositFactory(account=account)
        with pytest.raises(NotEmpty):
            custody.close_client(by_two(), client=client, reason="LEFT")
        with pytest.raises(NotEmpty):
            custody.close_account(context(), account=account)
        custody.withdraw(context(), account=account, asset="HKD", amount=Decimal(1_000_000))
        custody.close_account(context(), account=account)
        with pytest.raises(SecondPersonNeeded):
            custody.close_client(context(), client=client, reason="LEFT")
        custody.close_client(by_two(), client=client, reason="LEFT")
        assert client_of(client).status == ClientStatus.CLOSED


class TestDormancy:
    def test_comes_to_whoever_moved_nothing_for_the_house_period(self):
        BankFactory()
        long_ago = seams.now() - timedelta(days=800)
        with seams.using(clock=lambda: long_ago):
            quiet, lively = ClientFactory(), ClientFactory()
            AccountFactory(client=quiet)
            account = AccountFactory(client=lively)
        DepositFactory(account=account)
        call_dormant(run(), [quiet, lively])
        assert client_of(quiet).status == ClientStatus.DORMANT
        assert client_of(lively).status == ClientStatus.ACTIVE
        with pytest.raises(SecondPersonNeeded):
            change_status(context(), client=quiet, status=ClientStatus.ACTIVE, reason="SEEN-AGAIN")


class TestReviews:
    def test_are_due_a_year_after_the_client_was_opened(self):
        client = ClientFactory()
        assert client in unreviewed()
        plan_and_raise_reviews(run(), [client])
        assert review(client, ReviewKind.PERIODIC).due == latest_due(ReviewKind.PERIODIC, today())
        assert client not in unreviewed()
        with pytest.raises(NothingToDo):
            plan_reviews(context(), client=client)

    def test_are_raised_on_their_day_and_set_anew_when_done(self):
        client = ClientFactory()
        set_review(context(), client=client, kind=ReviewKind.PERIODIC, due=today())
        plan_and_raise_reviews(run(), [client])
        assert [row.client for row in reviews_due(today())] == [client]
        with pytest.raises(NothingToDo):
            raise_review(context(), client=client, kind=ReviewKind.PERIODIC)
        do_review(context(), client=client, kind=ReviewKind.PERIODIC, outcome=ReviewOutcome.SATISFIED)
        assert not reviews_due(today())
        assert review(client, ReviewKind.PERIODIC).due == today() + timedelta(days=365)

    @pytest.mark.parametrize("days", [-1, 366])
    def test_are_set_within_the_house_period(self, days):
        with pytest.raises(BadReviewDate):
            set_review(
                context(),
                client=ClientFactory(),
                kind=ReviewKind.PERIODIC,
                due=today() + timedelta(days=days),
            )

    @pytest.mark.rule("CLI-6")
    def test_that_are_set_or_raised_are_put_off_by_nothing_but_doing_them(self):
        client = ClientFactory()
        wanted = {"client": client, "kind": ReviewKind.PERIODIC}
        for days in (20, 10):
            set_review(context(), **wanted, due=today() + timedelta(days=days))
        for days in (10, 365):
            with pytest.raises(BadReviewDate):
                set_review(context(), **wanted, due=today() + timedelta(days=days))
        set_review(context(), **wanted, due=today())
        raise_review(context(), **wanted)
        with pytest.raises(BadReviewDate):
            set_review(context(), **wanted, due=today() + timedelta(days=365))
        row = review(client, ReviewKind.PERIODIC)
        assert row.due == today()
        assert row.raised_at is not None

    @pytest.mark.rule("CLI-6")
    def test_of_circumstances_are_due_thirty_days_after_the_first_change(self):
        client = ClientFactory()
        long_ago = seams.now() - timedelta(days=29)
        with seams.using(clock=lambda: long_ago):
            change_circumstances(context(), client=client, what=Circumstance.CONTROL)
        change_circumstances(context(), client=client, what=Circumstance.WEALTH)
        assert review(client, ReviewKind.CIRCUMSTANCES).due == today() + timedelta(days=1)

    def test_follow_from_changed_circumstances_once(self):
        client = ClientFactory()
        change_circumstances(context(), client=client, what=Circumstance.CONTROL)
        assert review(client, ReviewKind.CIRCUMSTANCES).due == today() + timedelta(days=30)
        do_review(context(), client=client, kind=ReviewKind.CIRCUMSTANCES, outcome=ReviewOutcome.SATISFIED)
        with pytest.raises(NoReview):
            review(client, ReviewKind.CIRCUMSTANCES)


def test_what_was_watched_is_the_same_when_rebuilt():
    somebody = person("Departed")
    client = holder(somebody)
    report_death(context(), person=somebody, reference="DC-1")
    report_insolvency(context(), person=somebody, reference="HCB-1")
    withdraw_report(by_two(), person=somebody, what=Befell.DEATH, reason=Withdrawal.ERROR)
    known = queries.person(somebody)
    assert (known.died_at, bool(known.insolvent_at)) == (None, True)
    change_circumstances(context(), client=client, what=Circumstance.CONTROL)
    with pytest.raises(BadTransition):
        change_status(by_two(), client=client, status=ClientStatus.ACTIVE, reason="NO")
    assert rebuild(check=True).identical


def test_a_leap_day_is_no_exception():
    assert latest_due(ReviewKind.PERIODIC, datetime(2028, 2, 29, tzinfo=UTC).date()) == date(2029, 2, 28)
