"""Who is behind a client changes: what an amendment takes, what it changes and what it leaves."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from brokerage.clients import commands, queries, vault
from brokerage.clients.commands import approve_application, end_authority, submit_application
from brokerage.clients.commands.authority import appoint_attorney
from brokerage.clients.commands.holds import place_hold
from brokerage.clients.commands.screening import screen
from brokerage.clients.past import client_as_of
from brokerage.clients.queries.holds import authorities_of, clients_of
from brokerage.clients.rules.amendment import (
    AmendmentOpen,
    FormKept,
    amenders,
    changes,
    is_another,
)
from brokerage.clients.rules.application import (
    Facts,
    Party,
    PartyRole,
    Stage,
    State,
    StepMissing,
    StepNotNeeded,
)
from brokerage.clients.rules.authority import Capacity, NoAuthority
from brokerage.clients.rules.classification import Investor
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.holds import Ground as Hold
from brokerage.clients.rules.mandate import BadMandate, Mandate, MandateNotMet, check_instructed
from brokerage.clients.rules.stages import JUDGING, check_step, needed, undone
from brokerage.clients.rules.standing_authorities import PaperUsed
from brokerage.clients.rules.status import ClientType, NotActive
from brokerage.config import newcomers
from brokerage.ledger import queries as ledger
from brokerage.ledger import registry, seams
from brokerage.ledger.entry import SecondPersonNeeded
from brokerage.ledger.rebuild import rebuild
from brokerage.market.rules.calendars import hong_kong_date
from tests.amendments import amending, handed_in, joined, joint, left, signed, standing
from tests.clients.test_screening import person as recorded
from tests.factories import ClientFactory, by_two, context
from tests.margin.test_races import together
from tests.onboarding import (
    DESK,
    FinancesFactory,
    OnboardedClientFactory,
    PersonFactory,
    company,
    controller,
    entitled,
    furnish_onboarding,
    identity,
    listed,
    screened,
)

pytestmark = pytest.mark.django_db(transaction=True)
ANN, BEN, EVE = (UUID(int=number) for number in (1, 2, 3))
HOLDER, ENTITY, DIRECTOR = PartyRole.HOLDER, PartyRole.ENTITY, PartyRole.DIRECTOR


def facts(*parties: Party, before: tuple[Party, ...] | None = None, **known: Any) -> Facts:
    standing = {"form": ClientType.JOINT, "signatures": 1, "margin": False, "state": State.SUBMITTED}
    return Facts(**(standing | known), parties=parties, before=before)


def holders(*people: UUID) -> tuple[Party, ...]:
    return tuple(Party(each, HOLDER) for each in people)


@pytest.mark.rule("CLI-13")
class TestTheRule:
    def test_asks_everything_of_a_new_client_and_of_one_nobody_is_on_record_of(self) -> None:
        for before in (None, ()):
            asked = facts(*holders(ANN, BEN), before=before)
            assert is_another(asked)
            assert needed(asked) == tuple(Stage)

    def test_judges_anew_who_becomes_somebody_else(self) -> None:
        pair = holders(ANN, BEN)
        for after in (holders(ANN), holders(ANN, BEN, EVE), holders(ANN, EVE)):
            assert needed(facts(*after, before=pair)) == tuple(Stage)
        firm = (Party(ANN, ENTITY), Party(BEN, DIRECTOR))
        assert is_another(facts(Party(EVE, ENTITY), Party(BEN, DIRECTOR), before=firm))

    def test_judges_nobody_anew_who_stays_who_it_is(self) -> None:
        firm = (Party(ANN, ENTITY), Party(BEN, DIRECTOR))
        asked = facts(Party(ANN, ENTITY), Party(EVE, DIRECTOR), before=firm)
        assert set(Stage) - set(needed(asked)) == JUDGING
        for stage in JUDGING:
            with pytest.raises(StepNotNeeded):
                check_step(stage, asked)
        assert not JUDGING & set(undone(asked))

    def test_tells_who_joins_leaves_and_stays_role_by_role(self) -> None:
        told = changes(facts(Party(ANN, HOLDER), Party(ANN, DIRECTOR), before=holders(ANN, BEN)))
        assert told.joins == {Party(ANN, DIRECTOR)}
        assert told.leaves == {Party(BEN, HOLDER)}
        assert told.stays == {Party(ANN, HOLDER)}

    def test_asks_as_many_as_the_mandate_does_or_all_who_are_left(self) -> None:
        both = Mandate(signatures=2, people=frozenset({ANN, BEN}))
        assert amenders(both, [EVE]) == both
        left = Mandate(signatures=2, people=frozenset({ANN}))
        assert amenders(left, [EVE]) == Mandate(signatures=1, people=frozenset({ANN}))

    def test_asks_one_who_runs_it_where_nobody_who_signs_is_left(self) -> None:
        nobody = Mandate(signatures=2, people=frozenset())
        assert amenders(nobody, [BEN, EVE]) == Mandate(signatures=1, people=frozenset({BEN, EVE}))
        with pytest.raises(MandateNotMet):
            check_instructed(amenders(nobody, []), [ANN])


def test_an_application_from_before_amendments_still_reads() -> None:
    old = {"applicant": str(ANN), "form": "joint", "signatures": 2, "margin": False}
    assert registry.read("clients.application-started", 1, old).client is None
    assert registry.read("clients.application-approved", 1, {"client": str(ANN)}).documents == ()
    given = {"authority": str(ANN), "purpose": "client-money", "starts": "2026-01-01", "ends": "2026-12-31"}
    for kind, more in (("given", {}), ("renewed", {"deemed": False})):
        for paper, kept in ((str(BEN), (BEN,)), (None, ())):
            known = {name: given[name] for name in given if kind == "given" or name != "purpose"}
            event = registry.read(f"clients.standing-authority-{kind}", 1, known | more | {"document": paper})
            assert event.documents == kept


@pytest.fixture(autouse=True)
def furnished(db: None) -> None:
    furnish_onboarding()


class TestAnAmendment:
    @pytest.mark.rule("CLI-13")
    def test_starts_with_who_is_behind_the_client_and_asks_nothing_of_them(self) -> None:
        newcomer = company()
        client = OnboardedClientFactory(newcomer=newcomer)
        application = amending(client)
        now = standing(application)
        assert frozenset(now.parties) == frozenset(now.before or ())
        assert len(now.parties) == 5
        assert now.people <= now.identified & now.screened & now.documented
        assert {each.control for each in queries.parties(application) if each.role == "controller"} == {"801"}
        applicant = queries.application(application).applicant
        submit_application(context(maker=applicant), application=application)
        assert undone(standing(application)) == (Stage.APPROVAL,)
        row, labels = queries.client(client), queries.labels([client])
        granted, before = authorities_of(client), len(ledger.events(client))
        paper = signed(max(queries.authority_holders(client)))
        approve_application(by_two(), application=application, papers=(paper,))
        assert queries.client(client).reference == row.reference
        assert (queries.client(client).status, queries.labels([client])) == (row.status, labels)
        assert (authorities_of(client), len(ledger.events(client))) == (granted, before)
        assert rebuild(check=True).identical

    @pytest.mark.rule("CLI-13")
    def test_is_begun_for_an_active_client_by_one_who_signs_for_it_and_in_its_form(self) -> None:
        client, (ann, _) = joint()
        for stranger in (recorded("Stranger"), entitled(ClientFactory())):
            with pytest.raises(NoAuthority):
                amending(client, applicant=stranger)
        with pytest.raises(FormKept):
            amending(client, applicant=ann, form=ClientType.INDIVIDUAL)
        place_hold(context(), client=client, ground=Hold.COURT, reference="HCMP-1")
        with pytest.raises(NotActive):
            amending(client, applicant=ann)

    @pytest.mark.rule("CLI-13")
    def test_is_not_for_an_attorney_to_begin(self) -> None:
        client, (ann, _) = joint()
        attorney = screened(recorded("Attorney"))
        power = {
            "document": newcomers.paper(DESK, ann, DocumentKind.AUTHORITY),
            "identity": identity(attorney),
        }
        until = hong_kong_date(seams.now()) + timedelta(days=9)
        appoint_attorney(by_two(), client=client, person=attorney, until=until, **power)
        with pytest.raises(NoAuthority):
            amending(client, applicant=attorney)

    def test_is_open_once_at_a_time(self) -> None:
        client, (ann, ben) = joint()
        application = amending(client)
        with pytest.raises(AmendmentOpen):
            amending(client, applicant=ben)
        commands.withdraw_application(context(), application=application, by=ann)
        amending(client, applicant=ben)

    def test_is_begun_once_when_two_begin_at_once(self) -> None:
        client, pair = joint()
        outcomes = together(*[partial(amending, client, applicant=each) for each in pair])
        assert sorted(outcomes)[-1] == "done"
        assert outcomes.count("done") == 1
        assert set(outcomes) <= {"done", AmendmentOpen.code, "ledger.busy"}

    @pytest.mark.rule("CLI-13")
    def test_is_approved_while_the_client_is_active_and_by_two(self) -> None:
        client, _ = joint()
        application = handed_in(amending(client))
        with pytest.raises(SecondPersonNeeded):
            approve_application(context(), application=application)
        place_hold(context(), client=client, ground=Hold.COURT, reference="HCMP-1")
        with pytest.raises(NotActive):
            approve_application(by_two(), application=application)

    @pytest.mark.rule("CLI-13")
    def test_leaves_a_mandate_that_can_be_signed(self) -> None:
        newcomer = company()
        client, leaver = OnboardedClientFactory(newcomer=newcomer), newcomer.people[2].id
        application = amending(client, applicant=newcomer.people[1].id)
        left(application, leaver)
        with pytest.raises(BadMandate):
            submit_application(context(), application=application)

    @pytest.mark.rule("CLI-13")
    def test_changes_how_many_sign_and_who_as_one(self) -> None:
        newcomer = company()
        client, (_, first, leaver, _) = OnboardedClientFactory(newcomer=newcomer), newcomer.people
        application = amending(client, applicant=first.id, signatures=1)
        left(application, leaver.id)
        handed_in(application)
        with pytest.raises(MandateNotMet):
            approve_application(by_two(), application=application)
        approve_application(by_two(), application=application, papers=(signed(leaver.id),))
        assert queries.mandate(client) == Mandate(signatures=1, people=frozenset({first.id}))
        assert queries.in_the_hands_of(leaver.id) == frozenset()
        assert leaver.id not in queries.people_behind(client)

    @pytest.mark.rule("CLI-13")
    def test_rests_on_papers_that_were_signed_for_it(self) -> None:
        newcomer = company()
        client, (_, first, second, owner) = OnboardedClientFactory(newcomer=newcomer), newcomer.people
        application = handed_in(amending(client, applicant=first.id))
        approve = partial(approve_application, by_two(), application=application)
        for paper in (signed(owner.id), identity(second.id)):
            with pytest.raises(UnknownDocument):
                approve(papers=(paper,))
        yesterday = seams.now() - timedelta(days=1)
        with seams.using(clock=lambda: yesterday):
            old = signed(second.id)
        with pytest.raises(PaperUsed):
            approve(papers=(old,))
        paper = signed(second.id)
        approve_application(by_two(), application=application, papers=(paper,))
        again = handed_in(amending(client, applicant=first.id))
        with pytest.raises(PaperUsed):
            approve_application(by_two(), application=again, papers=(paper,))

    @pytest.mark.rule("CLI-13")
    def test_does_not_bring_back_who_was_stopped_meanwhile(self) -> None:
        client, (ann, ben) = joint()
        application = handed_in(amending(client, applicant=ann))
        end_authority(context(), client=client, person=ben, capacity=Capacity.HOLDER, reason="STOLEN")
        with pytest.raises(StepMissing, match="identity"):
            approve_application(by_two(), application=application)
        commands.withdraw_application(context(), application=application, by=ann)
        assert standing(amending(client, applicant=ann)).signers == {ann}

    @pytest.mark.rule("CLI-13")
    def test_once_approved_says_what_it_changed_whatever_comes_after(self) -> None:
        newcomer = company(signatures=1)
        client, (_, first, leaver, _) = OnboardedClientFactory(newcomer=newcomer), newcomer.people
        application = amending(client, applicant=first.id)
        left(application, leaver.id)
        came = joined(application, PartyRole.SIGNATORY)
        approve_application(by_two(), application=handed_in(application))
        told = changes(standing(application))
        assert {each.person for each in told.leaves} == {leaver.id}
        end_authority(context(), client=client, person=first.id, capacity=Capacity.SIGNATORY, reason="LEFT")
        commands.record_person(context(), version=vault.put(came, vault.Kind.INDIVIDUAL, PersonFactory()).id)
        assert changes(standing(application)) == told
        assert undone(standing(application)) == ()

    @pytest.mark.rule("CLI-13")
    def test_approved_at_once_with_a_stop_never_lets_the_stopped_one_sign(self) -> None:
        client, (ann, ben) = joint()
        application = handed_in(amending(client, applicant=ann))
        stopped = {"client": client, "person": ben, "capacity": Capacity.HOLDER, "reason": "STOLEN"}
        outcomes = together(
            partial(approve_application, by_two(), application=application),
            partial(end_authority, context(), **stopped),
        )
        assert set(outcomes) <= {"done", StepMissing.code, "ledger.busy"}
        if outcomes[1] == "done":
            assert queries.in_the_hands_of(ben) == frozenset()
        assert rebuild(check=True).identical

    def test_leaves_the_client_judged_as_it_was(self) -> None:
        newcomer = company(investor=Investor.CORPORATE, finances=FinancesFactory(cash=Decimal(9_000_000)))
        client, first = OnboardedClientFactory(newcomer=newcomer), newcomer.people[1].id
        before = queries.standing(client)
        application = amending(client, applicant=first)
        joined(application, PartyRole.DIRECTOR)
        handed_in(application)
        with pytest.raises(StepNotNeeded):
            commands.classify_applicant(context(), application=application, investor=Investor.RETAIL)
        approve_application(by_two(), application=application, papers=(signed(newcomer.people[2].id),))
        after = queries.standing(client)
        kept = ("investor", "review_due", "credit_limit", "suitability", "signatures", "account")
        assert [getattr(after, each) for each in kept] == [getattr(before, each) for each in kept]

    @pytest.mark.rule("CLI-10", "CLI-13")
    def test_moves_whom_a_hit_freezes_the_client_for(self) -> None:
        newcomer = company()
        client, (_, first, second, owner) = OnboardedClientFactory(newcomer=newcomer), newcomer.people
        application = amending(client, applicant=first.id)
        new = controller("HK")
        newcomers.name(DESK, application, new)
        left(application, owner.id)
        newcomers.certify_one(DESK, new)
        handed_in(application)
        moment = seams.now()
        assert clients_of(new.id) == []
        approve_application(by_two(), application=application, papers=(signed(second.id),))
        assert (clients_of(new.id), clients_of(owner.id)) == ([client], [])
        assert {row.person for row in client_as_of(client, moment).behind} >= {owner.id}
        assert owner.id not in {row.person for row in client_as_of(client, seams.now()).behind}
        assert None in queries.relationships(owner.id)  # retention still counts who left
        for gone, status in ((owner, "active"), (new, "frozen")):
            day = date(2026, 11, 2) if gone is owner else date(2026, 11, 3)
            listed(f"UN-1,sanction,{gone.details.names[0]},,,HK,UN", dated=day)
            screen(context(), person=gone.id)
            assert queries.client(client).status == status

    @pytest.mark.rule("CLI-10")
    def test_leaves_the_own_record_of_who_left_to_the_person(self) -> None:
        newcomer = company()
        client, (_, first, second, owner) = OnboardedClientFactory(newcomer=newcomer), newcomer.people
        assert queries.is_settled(owner.id)
        application = amending(client, applicant=first.id)
        newcomers.name(DESK, application, replace(owner, id=(other := seams.new_id())))
        left(application, owner.id)
        newcomers.certify_one(DESK, replace(owner, id=other))
        approve_application(by_two(), application=handed_in(application), papers=(signed(second.id),))
        assert (queries.is_settled(owner.id), queries.is_settled(other)) == (False, True)
