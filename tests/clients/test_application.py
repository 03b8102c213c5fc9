"""The way of an application against the real book: each step waits for the one before it."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from brokerage.clients import commands, queries, vault
from brokerage.clients.events.application import AnswersGiven, FinancesGiven
from brokerage.clients.models import AgreementText, Standing
from brokerage.clients.projections.standing import evolved_standing
from brokerage.clients.rules.agreements import (
    AgreementChanged,
    AgreementKind,
    Circumstances,
    text_digest,
)
from brokerage.clients.rules.application import (
    ApplicationClosed,
    Control,
    NotADraft,
    PartiesMissing,
    Party,
    PartyRole,
    RoleForeign,
    RoleUnfit,
    Stage,
    StepMissing,
    UnknownApplication,
    UnknownParty,
    check_parties,
)
from brokerage.clients.rules.classification import BelowThreshold, EvidenceMissing, Investor
from brokerage.clients.rules.credit import Ground
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.person import UnknownRecord
from brokerage.clients.rules.stages import undone
from brokerage.clients.rules.status import ClientType
from brokerage.config import newcomers
from brokerage.ledger import registry, seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import Context, SecondPersonNeeded
from brokerage.market.rules.calendars import hong_kong_date
from tests.factories import by_two, context
from tests.onboarding import (
    DESK,
    FinancesFactory,
    HolderFactory,
    NewcomerFactory,
    PersonFactory,
    company,
    furnish_onboarding,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def furnished(db: None) -> None:
    furnish_onboarding()


def applied(until: Stage, **changes: object) -> UUID:
    """An application that has reached a step."""
    newcomer = NewcomerFactory(**changes)
    application = newcomers.apply(DESK, newcomer)
    newcomers.go_on(DESK, application, newcomer, until)
    return application


def stands(application: UUID) -> Stage:
    return undone(queries.facts(queries.application(application)))[0]


def approve(application: UUID) -> UUID:
    return commands.approve_application(by_two(), application=application, reference="A-1").value


@pytest.mark.parametrize("stage", list(newcomers.STEPS))
def test_a_step_left_out_keeps_the_applicant_from_becoming_a_client(stage: Stage) -> None:
    newcomer = NewcomerFactory()
    application = newcomers.apply(DESK, newcomer)
    newcomers.go_on(DESK, application, newcomer, until=stage)
    assert stands(application) is stage
    with pytest.raises(StepMissing):
        approve(application)


class TestAnApplication:
    def test_is_approved_by_two_people_only(self) -> None:
        application = applied(Stage.APPROVAL)
        with pytest.raises(SecondPersonNeeded):
            commands.approve_application(context(), application=application, reference="A-1")
        client = approve(application)
        assert queries.application(application).client == client
        with pytest.raises(ApplicationClosed):
            commands.approve_application(by_two(), application=application, reference="A-2")

    def test_waits_until_everybody_needed_is_named_described_and_documented(self) -> None:
        application = commands.start_application(
            context(), applicant=uuid4(), form=ClientType.JOINT, signatures=2
        ).value
        with pytest.raises(PartiesMissing):
            commands.submit_application(context(), application=application)
        for _ in range(2):
            newcomers.name(DESK, application, HolderFactory())
        with pytest.raises(StepMissing):
            commands.submit_application(context(), application=application)

    @pytest.mark.rule("CLI-5", "CLI-13")
    @pytest.mark.parametrize(
        ("form", "role"),
        [
            (ClientType.INDIVIDUAL, PartyRole.SIGNATORY),
            (ClientType.INDIVIDUAL, PartyRole.ENTITY),
            (ClientType.JOINT, PartyRole.SIGNATORY),
            (ClientType.CORPORATE, PartyRole.HOLDER),
            (ClientType.TRUST, PartyRole.HOLDER),
        ],
    )
    def test_has_no_role_that_is_foreign_to_its_legal_form(self, form: ClientType, role: PartyRole) -> None:
        application = commands.start_application(context(), applicant=uuid4(), form=form).value
        named = HolderFactory(roles=(role,))
        with pytest.raises(RoleForeign):
            newcomers.name(DESK, application, named)
        assert queries.people_of(application) == []

    @pytest.mark.rule("CLI-5", "CLI-13")
    def test_that_names_a_foreign_role_in_the_book_goes_no_further(self) -> None:
        facts = queries.facts(queries.application(applied(Stage.APPROVAL)))
        check_parties(facts)
        stranger = Party(uuid4(), PartyRole.SIGNATORY)
        with pytest.raises(RoleForeign):
            check_parties(replace(facts, parties=(*facts.parties, stranger)))

    @pytest.mark.rule("CLI-13")
    @pytest.mark.parametrize("role", [PartyRole.SIGNATORY, PartyRole.CONTROLLER, PartyRole.DIRECTOR])
    def test_lets_the_entity_have_no_other_part_in_itself(self, role: PartyRole) -> None:
        newcomer = company()
        application = newcomers.apply(DESK, newcomer)
        commands.return_application(context(), application=application, reason="PEOPLE")
        body = newcomer.people[0].id
        control = Control.OWNERSHIP if role is PartyRole.CONTROLLER else None
        with pytest.raises(RoleUnfit):
            commands.name_party(context(), application=application, person=body, role=role, control=control)
        facts = queries.facts(queries.application(application))
        with pytest.raises(RoleUnfit):
            check_parties(replace(facts, parties=(*facts.parties, Party(body, role))))

    @pytest.mark.rule("CLI-13")
    def test_asks_for_human_beings_where_somebody_signs_or_controls_in_the_end(self) -> None:
        newcomer = company()
        application = newcomers.apply(DESK, newcomer)
        commands.return_application(context(), application=application, reason="PEOPLE")
        other = HolderFactory(details=newcomer.people[0].details, roles=(PartyRole.SIGNATORY,))
        for role, fits in ((PartyRole.SIGNATORY, False), (PartyRole.DIRECTOR, True)):
            with nullcontext() if fits else pytest.raises(RoleUnfit):
                newcomers.name(DESK, application, replace(other, roles=(role,)))
        facts = queries.facts(queries.application(application))
        for parties in (Party(other.id, PartyRole.SIGNATORY), Party(uuid4(), PartyRole.ENTITY)):
            with pytest.raises(RoleUnfit):
                check_parties(replace(facts, parties=(*facts.parties, parties)))

    def test_has_one_holder_more_only_once_one_is_removed(self) -> None:
        application = commands.start_application(
            context(), applicant=uuid4(), form=ClientType.INDIVIDUAL
        ).value
        first = HolderFactory()
        newcomers.name(DESK, application, first)
        newcomers.name(DESK, application, first)
        with pytest.raises(PartiesMissing):
            newcomers.name(DESK, application, HolderFactory())
        commands.remove_party(context(), application=application, person=first.id, role=PartyRole.HOLDER)
        newcomers.name(DESK, application, HolderFactory())

    def test_takes_finances_and_answers_once_it_is_said_whose(self) -> None:
        who = uuid4()
        application = commands.start_application(context(), applicant=who, form=ClientType.CORPORATE).value
        for kind, content, give in (
            (vault.Kind.FINANCES, FinancesFactory(), commands.give_finances),
            (vault.Kind.ANSWERS, newcomers.KNOWS, commands.give_answers),
        ):
            with pytest.raises(StepMissing):
                give(context(), application=application, record=vault.put(who, kind, content).id)

    def test_handed_in_is_not_changed_unless_it_is_returned(self) -> None:
        application = applied(Stage.IDENTITY)
        person = queries.people_of(application)[0]
        role = {"application": application, "person": person, "role": PartyRole.HOLDER}
        with pytest.raises(NotADraft):
            commands.remove_party(context(), **role)
        commands.return_application(context(), application=application, reason="PAPER-UNREADABLE")
        commands.remove_party(context(), **role)
        with pytest.raises(UnknownParty):
            commands.remove_party(context(), **role)

    def test_refused_or_withdrawn_is_over(self) -> None:
        refused, withdrawn = applied(Stage.IDENTITY), applied(Stage.IDENTITY)
        commands.refuse_application(context(), application=refused, reason="RISK")
        commands.withdraw_application(context(), application=withdrawn, by=uuid4())
        for over in (refused, withdrawn):
            with pytest.raises(ApplicationClosed):
                commands.refuse_application(context(), application=over, reason="AGAIN")
        assert queries.application(refused).reason == "RISK"

    def test_of_somebody_else_does_not_exist(self) -> None:
        application = applied(Stage.IDENTITY)
        holder = queries.people_of(application)[0]
        assert queries.application(application, of=holder).id == application
        with pytest.raises(UnknownApplication):
            queries.application(application, of=uuid4())

    def test_stands_in_the_queue_with_whom_it_waits_for(self) -> None:
        applied(Stage.CREDIT)
        waiting = queries.queue(context().effective_at)[0]
        assert (waiting.stage, waiting.waits) == (Stage.CREDIT, "credit")


class TestAReturnedApplication:
    """Decided before approval on facts that are then given anew: the judgement falls with them."""

    def returned(self) -> UUID:
        application = applied(Stage.APPROVAL, requested=Decimal(500_000))
        commands.return_application(context(), application=application, reason="FIGURES-UNCLEAR")
        return application

    @pytest.mark.rule("CLI-1", "CLI-3", "VAF-7")
    def test_is_judged_anew_from_the_classification_on(self) -> None:
        application = self.returned()
        commands.submit_application(context(), application=application)
        left = undone(queries.facts(queries.application(application)))
        assert left == (Stage.CLASSIFICATION, Stage.KNOWLEDGE, Stage.CREDIT, Stage.APPROVAL)
        judged = queries.standing(application)
        assert (judged.investor, judged.credit_limit, judged.va_exposure) == ("", None, None)
        with pytest.raises(StepMissing):
            approve(application)

    @pytest.mark.parametrize(
        ("given", "left"),
        [
            (FinancesGiven(record=uuid4(), digest="0"), ("", [])),
            (AnswersGiven(record=uuid4(), digest="0"), ("retail", ["credit"])),
        ],
        ids=["finances", "answers"],
    )
    def test_keeps_no_judgement_on_facts_given_anew(self, given: object, left: object) -> None:
        judged = Standing(id=uuid4(), investor="retail", assessed=["credit", "knowledge"])
        row = evolved_standing(judged, SimpleNamespace(stream=judged.id, event=given))
        assert (row.investor, row.assessed) == left

    @pytest.mark.rule("CLI-1", "CLI-3", "CLI-4", "VAF-7")
    def test_with_another_holder_needs_finances_answers_and_a_transfer_of_that_one(self) -> None:
        application = self.returned()
        before = queries.people_of(application)[0]
        known = queries.application(application)
        commands.remove_party(context(), application=application, person=before, role=PartyRole.HOLDER)
        newcomers.name(DESK, application, HolderFactory())
        facts = queries.facts(queries.application(application))
        assert (facts.finances, facts.answers, facts.transferred) == (False, False, False)
        with pytest.raises(StepMissing):
            commands.submit_application(context(), application=application)
        with pytest.raises(UnknownRecord):
            commands.give_finances(context(), application=application, record=known.finances)
        with pytest.raises(UnknownRecord):
            commands.give_answers(context(), application=application, record=known.answers)


class TestIdentity:
    @pytest.mark.rule("CLI-6")
    def test_must_be_proved_again_when_details_change(self) -> None:
        application = applied(Stage.SCREENING)
        person = queries.people_of(application)[0]
        assert stands(application) is Stage.SCREENING
        changed = vault.put(person, vault.Kind.INDIVIDUAL, PersonFactory())
        commands.record_person(context(), version=changed.id)
        assert stands(application) is Stage.IDENTITY

    def test_is_not_proved_by_somebody_elses_paper(self) -> None:
        application, other = applied(Stage.IDENTITY), applied(Stage.IDENTITY)
        with pytest.raises(UnknownDocument):
            commands.identify_person(
                context(),
                application=application,
                person=queries.people_of(application)[0],
                document=queries.documents(queries.people_of(other)[0])[0].id,
            )


class TestClassification:
    @pytest.mark.rule("CLI-1")
    def test_as_professional_takes_the_evidence_in_the_vault(self) -> None:
        application = applied(Stage.CLASSIFICATION)
        evidence = newcomers.paper(DESK, queries.people_of(application)[0], DocumentKind.ASSETS)
        with pytest.raises(BelowThreshold):
            commands.classify_applicant(
                context(),
                application=application,
                investor=Investor.INDIVIDUAL,
                evidence=evidence,
                evidence_dated=hong_kong_date(seams.now()),
            )
        rich = applied(
            Stage.APPROVAL, investor=Investor.INDIVIDUAL, finances=FinancesFactory(cash=Decimal(9**9))
        )
        client = approve(rich)
        assert queries.client(client).classification == "pi"
        assert queries.investor(client, hong_kong_date(context().effective_at)) is Investor.INDIVIDUAL

    @pytest.mark.rule("CLI-1")
    def test_rests_on_the_date_that_staff_saw_not_on_the_applicants_word(self) -> None:
        rich = FinancesFactory(cash=Decimal(9**9))
        application = applied(Stage.CLASSIFICATION, finances=rich)
        seen = hong_kong_date(seams.now()) - timedelta(days=300)
        wanted = {
            "application": application,
            "investor": Investor.INDIVIDUAL,
            "evidence": newcomers.paper(DESK, queries.people_of(application)[0], DocumentKind.ASSETS),
        }
        for dated in (None, seen - timedelta(days=100)):
            with pytest.raises(EvidenceMissing):
                commands.classify_applicant(context(), **wanted, evidence_dated=dated)
        commands.classify_applicant(context(), **wanted, evidence_dated=seen)
        assert queries.standing(application).evidence_dated == seen

    @pytest.mark.rule("CLI-1", "CLI-2")
    def test_as_an_institution_takes_its_own_licence(self) -> None:
        firm = company()
        application = newcomers.apply(DESK, firm)
        newcomers.go_on(DESK, application, firm, Stage.CLASSIFICATION)
        body, director = firm.people[0].id, firm.people[1].id
        wanted = {"application": application, "investor": Investor.INSTITUTIONAL}
        wanted["evidence_dated"] = hong_kong_date(seams.now())
        for whose, kind in (
            (body, DocumentKind.ASSETS),
            (director, DocumentKind.AUTHORITY),
            (director, DocumentKind.ASSETS),
        ):
            with pytest.raises(UnknownDocument):
                commands.classify_applicant(context(), **wanted, evidence=newcomers.paper(DESK, whose, kind))
        licence = newcomers.paper(DESK, body, DocumentKind.AUTHORITY)
        wanted["investor"] = Investor.CORPORATE
        with pytest.raises(UnknownDocument):
            commands.classify_applicant(context(), **wanted, evidence=licence)
        wanted["investor"] = Investor.INSTITUTIONAL
        commands.classify_applicant(context(), **wanted, evidence=licence)
        assert queries.standing(application).investor == Investor.INSTITUTIONAL

    def test_made_again_asks_for_knowledge_and_credit_again(self) -> None:
        application = applied(Stage.APPROVAL)
        commands.classify_applicant(context(), application=application, investor=Investor.RETAIL)
        assert stands(application) is Stage.KNOWLEDGE


SECOND = "A second version."


def published(kind: AgreementKind, by: Context | None = None) -> None:
    put = commands.publish_agreement.within
    put(commands.keeping_text(SECOND), by or by_two(), kind=kind, digest=text_digest(SECOND))


class TestCredit:
    @pytest.mark.rule("VAF-7")
    def test_above_zero_rests_on_a_dated_paper_of_who_will_be_the_client(self) -> None:
        application = applied(Stage.CREDIT)
        holder, today = queries.people_of(application)[0], hong_kong_date(seams.now())
        assets = newcomers.paper(DESK, holder, DocumentKind.ASSETS)
        asked = {"application": application, "requested": Decimal(9_000), "grounds": (Ground.INCOME,)}
        stale = today - timedelta(days=366)
        for paper, dated in ((None, None), (None, today), (assets, None), (assets, stale)):
            with pytest.raises(EvidenceMissing):
                commands.assess_applicant_credit(context(), **asked, evidence=paper, evidence_dated=dated)
        other = newcomers.paper(DESK, queries.people_of(applied(Stage.CREDIT))[0], DocumentKind.ASSETS)
        for foreign in (other, newcomers.paper(DESK, holder, DocumentKind.SIGNATURE)):
            with pytest.raises(UnknownDocument):
                commands.assess_applicant_credit(context(), **asked, evidence=foreign, evidence_dated=today)
        commands.assess_applicant_credit(context(), application=application, requested=Decimal(0))
        given = commands.assess_applicant_credit(context(), **asked, evidence=assets, evidence_dated=today)
        assert given.value == 9_000


class TestAgreements:
    def test_are_signed_in_the_version_in_force(self) -> None:
        application = applied(Stage.AGREEMENTS)
        old = queries.agreements_in_force()[AgreementKind.CLIENT]
        published(AgreementKind.CLIENT)
        person = queries.people_of(application)[0]
        seen = vault.put(person, vault.Kind.CIRCUMSTANCES, Circumstances(address="192.0.2.1", agent="x"))
        with pytest.raises(AgreementChanged):
            commands.sign_agreement(
                context(),
                application=application,
                person=person,
                agreement=old.id,
                digest=old.digest,
                confirmed_at=context().effective_at,
                circumstances=seen.id,
            )

    def test_of_a_new_version_must_be_signed_again_before_the_approval(self) -> None:
        application = applied(Stage.APPROVAL)
        published(AgreementKind.RISKS)
        assert stands(application) is Stage.AGREEMENTS

    def test_signed_when_paper_was_foreseen_still_read(self) -> None:
        ids = {"person": str(uuid4()), "agreement": str(uuid4()), "circumstances": str(uuid4())}
        old = {**ids, "digest": "0", "kind": "portal", "confirmed_at": None}
        assert registry.read("clients.agreement-signed", 1, old).agreement == UUID(ids["agreement"])

    def test_are_published_by_two_people_with_a_text_that_is_kept(self) -> None:
        with pytest.raises(SecondPersonNeeded):
            published(AgreementKind.RISKS, context())
        assert not AgreementText.objects.filter(digest=text_digest(SECOND)).exists()
        published(AgreementKind.RISKS)
        assert queries.agreement_text(text_digest(SECOND)) == SECOND

    def test_are_signed_once_in_each_version(self) -> None:
        application = applied(Stage.TAX)
        before = {each.id: each.signed_at for each in queries.signatures(application)}
        (person,) = queries.people_of(application)
        seen = vault.put(person, vault.Kind.CIRCUMSTANCES, Circumstances(address="192.0.2.1", agent="x"))
        version = queries.agreements_in_force()[AgreementKind.CLIENT]
        named = {"agreement": version.id, "digest": version.digest, "circumstances": seen.id}
        with pytest.raises(NothingToDo):
            commands.sign_agreement(
                context(),
                application=application,
                person=person,
                **named,
                confirmed_at=context().effective_at,
            )
        assert {each.id: each.signed_at for each in queries.signatures(application)} == before


@pytest.mark.rule("CLI-13")
def test_an_agreement_of_a_company_is_signed_by_as_many_as_its_mandate_asks() -> None:
    newcomer = company()
    application = newcomers.apply(DESK, newcomer)
    newcomers.go_on(DESK, application, newcomer, Stage.AGREEMENTS)
    newcomers.sign(DESK, application, newcomer)
    facts = queries.facts(queries.application(application))
    assert Stage.AGREEMENTS not in undone(facts)
    one = {kind: frozenset(sorted(people)[:1]) for kind, people in facts.signed.items()}
    assert Stage.AGREEMENTS in undone(replace(facts, signed=one))
