"""The holders of a client change: who joins is bound, who leaves takes along what was his."""

from datetime import timedelta

import pytest

from brokerage.clients import commands, queries, vault
from brokerage.clients.commands import approve_application, submit_application
from brokerage.clients.commands.authority import appoint_attorney
from brokerage.clients.commands.holds import lift_hold, report_death
from brokerage.clients.commands.standing_authorities import give_standing_authority
from brokerage.clients.models import StandingAuthority
from brokerage.clients.queries.holds import holds_on
from brokerage.clients.rules.amendment import AmendInstead
from brokerage.clients.rules.application import (
    PartyRole,
    Stage,
    StepMissing,
)
from brokerage.clients.rules.authority import Capacity
from brokerage.clients.rules.credit import Ground
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.holds import LiftReason
from brokerage.clients.rules.person import CannotAct
from brokerage.clients.rules.stages import JUDGING, undone
from brokerage.clients.rules.standing_authorities import End, Purpose
from brokerage.clients.rules.status import ClientType
from brokerage.config import newcomers
from brokerage.ledger import seams
from brokerage.ledger.entry import Source
from brokerage.ledger.rebuild import rebuild
from brokerage.market.rules.calendars import hong_kong_date
from tests.amendments import amending, bound, handed_in, joined, joint, judged, left, standing, told
from tests.clients.test_screening import person as recorded
from tests.factories import ClientFactory, by_two, context
from tests.onboarding import (
    DESK,
    HolderFactory,
    NewcomerFactory,
    OnboardedClientFactory,
    entitled,
    furnish_onboarding,
    identity,
    screened,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def furnished(db: None) -> None:
    furnish_onboarding()


class TestAHolder:
    @pytest.mark.rule("CLI-5", "CLI-13")
    def test_who_joins_signs_certifies_and_has_the_client_judged_anew(self) -> None:
        client, (ann, _) = joint()
        account = queries.standing(client).account
        application = amending(client, applicant=ann)
        new = joined(application, PartyRole.HOLDER)
        with pytest.raises(StepMissing):
            submit_application(context(), application=application)
        told(application)
        with pytest.raises(StepMissing):
            submit_application(context(), application=application)
        bound(application, new)
        handed_in(application)
        assert undone(standing(application)) == (*sorted(JUDGING, key=list(Stage).index), Stage.APPROVAL)
        judged(application)
        approve_application(by_two(), application=application)
        assert queries.in_the_hands_of(new) == {client}
        assert len(queries.owners(client)) == 3
        assert queries.standing(client).account == account
        assert queries.labels([client])[client].count("&") == 2
        assert rebuild(check=True).identical

    @pytest.mark.rule("VAF-7")
    def test_who_joins_raises_no_limit_for_virtual_assets_alone(self) -> None:
        client, (ann, _) = joint()
        application = amending(client, applicant=ann)
        new = joined(application, PartyRole.HOLDER)
        told(application)
        bound(application, new)
        handed_in(application)
        newcomers.classify(DESK, application, NewcomerFactory())
        asked = {
            "application": application,
            "grounds": (Ground.VA_FINANCING,),
            "evidence": newcomers.paper(DESK, ann, DocumentKind.ASSETS),
            "evidence_dated": hong_kong_date(seams.now()),
        }
        present = queries.assessed_limit(client)
        assert present is not None
        assert commands.assess_applicant_credit(context(), **asked, requested=present).value == present

    @pytest.mark.rule("AST-2", "CLI-13")
    def test_who_leaves_ends_what_he_let_others_do(self) -> None:
        trio = tuple(HolderFactory() for _ in range(3))
        client = OnboardedClientFactory(newcomer=NewcomerFactory(form=ClientType.JOINT, people=trio))
        ann, _, eve = (each.id for each in trio)
        today = hong_kong_date(seams.now())
        attorneys = {}
        for principal in (ann, eve):
            attorney = attorneys[principal] = screened(recorded(f"Attorney {principal.hex[-3:]}"))
            power = {
                "document": newcomers.paper(DESK, principal, DocumentKind.AUTHORITY),
                "identity": identity(attorney),
            }
            appoint_attorney(by_two(), client=client, person=attorney, until=today + timedelta(9), **power)
        given = {"purpose": Purpose.CLIENT_MONEY, "ends": today + timedelta(9), "revocation_stated": True}
        give_standing_authority(context(source=Source.PORTAL, maker=ann), client=client, **given)
        application = amending(client, applicant=ann)
        left(application, eve)
        told(application)
        approve_application(by_two(), application=judged(handed_in(application)))
        assert queries.in_the_hands_of(attorneys[eve]) == queries.in_the_hands_of(eve) == frozenset()
        assert queries.in_the_hands_of(attorneys[ann]) == {client}
        assert StandingAuthority.objects.get().end == End.ANOTHER

    @pytest.mark.rule("AST-2", "CLI-13")
    @pytest.mark.parametrize("back", [False, True])
    def test_who_was_stopped_first_leaves_by_the_amendment_or_stays_by_it(self, back: bool) -> None:
        trio = tuple(HolderFactory() for _ in range(3))
        client = OnboardedClientFactory(newcomer=NewcomerFactory(form=ClientType.JOINT, people=trio))
        ann, _, eve = (each.id for each in trio)
        ends = hong_kong_date(seams.now()) + timedelta(9)
        given = {"purpose": Purpose.CLIENT_MONEY, "ends": ends, "revocation_stated": True}
        give_standing_authority(context(source=Source.PORTAL, maker=eve), client=client, **given)
        stopped = {"client": client, "person": eve, "capacity": Capacity.HOLDER}
        commands.end_authority(context(), **stopped, reason="LEFT")
        application = amending(client, applicant=ann)
        if back:
            commands.name_party(context(), application=application, person=eve, role=PartyRole.HOLDER)
            newcomers.sign_one(DESK, application, eve)
        else:
            told(application)
        handed_in(application)
        assert JUDGING.isdisjoint(undone(standing(application))) is back
        approve_application(by_two(), application=application if back else judged(application))
        assert StandingAuthority.objects.get().end == ("" if back else End.ANOTHER)

    @pytest.mark.rule("CLI-13")
    def test_who_died_is_replaced_by_who_is_left_of_those_who_sign_together(self) -> None:
        client, (ann, ben) = joint(signatures=2)
        report_death(context(), person=ben, reference="DC-1")
        (hold,) = holds_on(client)
        lift_hold(by_two(), client=client, hold=hold, reason=LiftReason.SURVIVORSHIP)
        application = amending(client, applicant=ann)
        new = joined(application, PartyRole.HOLDER)
        told(application)
        bound(application, new)
        judged(handed_in(application))
        with pytest.raises(CannotAct):
            approve_application(by_two(), application=application)
        commands.return_application(context(), application=application, reason="DECEASED")
        left(application, ben)
        judged(handed_in(application))
        approve_application(by_two(), application=application)
        assert queries.mandate(client).people == {ann, new}

    @pytest.mark.rule("CLI-5", "CLI-6")
    def test_who_left_and_comes_back_is_proved_and_signs_anew(self) -> None:
        trio = tuple(HolderFactory() for _ in range(3))
        client = OnboardedClientFactory(newcomer=NewcomerFactory(form=ClientType.JOINT, people=trio))
        ann, ben, eve = (each.id for each in trio)
        application = amending(client, applicant=ann)
        left(application, eve)
        told(application)
        approve_application(by_two(), application=judged(handed_in(application)))
        again = amending(client, applicant=ann)
        commands.name_party(context(), application=again, person=eve, role=PartyRole.HOLDER)
        known = standing(again)
        assert known.identified == {ann, ben}
        assert all(people == {ann, ben} for people in known.signed.values())

    @pytest.mark.rule("CLI-5")
    def test_whose_bank_account_was_designated_takes_it_along(self) -> None:
        client, (ann, ben) = joint()
        application = amending(client, applicant=ben)
        new = joined(application, PartyRole.HOLDER)
        left(application, ann)
        told(application)
        bound(application, new)
        judged(handed_in(application))
        assert undone(standing(application)) == (Stage.FIRST_TRANSFER, Stage.APPROVAL)
        newcomers.pay_in(DESK, application, NewcomerFactory(people=(HolderFactory(id=ben),)))
        approve_application(by_two(), application=application)
        account = queries.standing(client).account
        assert account is not None
        assert vault.sealed(account).person == ben


@pytest.mark.rule("CLI-5", "CLI-6")
def test_a_client_of_an_import_comes_on_record_by_an_amendment_and_is_assessed() -> None:
    client = ClientFactory()
    holder = entitled(client)
    application = amending(client)
    assert standing(application).parties == ()
    with pytest.raises(AmendInstead):
        entitled(client)
    newcomers.name(DESK, application, HolderFactory(id=holder))
    told(application)
    submit_application(context(maker=holder), application=application)
    newcomer = NewcomerFactory(people=(HolderFactory(id=holder),))
    newcomers.go_on(DESK, application, newcomer)
    assert queries.assessed_limit(client) is None
    approve_application(by_two(), application=application)
    assert queries.assessed_limit(client) == newcomer.requested
    assert queries.authority_holders(client) == queries.owners(client) == {holder}
