"""Ways to change who signs for a client without those who do, each of them shut."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from brokerage.access.commands import Proposed, approve, sealed_address, submit
from brokerage.access.rules import Perm
from brokerage.clients import commands, queries, vault
from brokerage.clients.commands.holds import report_death, report_insolvency
from brokerage.clients.commands.invitation import invite_party
from brokerage.clients.past import client_as_of
from brokerage.clients.queries.holds import clients_of, holds_on, people_of
from brokerage.clients.rules.amendment import Overtaken, changes
from brokerage.clients.rules.application import Party, PartyRole, StepMissing
from brokerage.clients.rules.authority import Capacity
from brokerage.clients.rules.documents import DocumentKind, NotYoursToBring
from brokerage.clients.rules.mandate import MandateNotMet
from brokerage.clients.rules.signing import KnownToTheFirm
from brokerage.config import newcomers
from brokerage.ledger import seams
from brokerage.ledger.entry import Source
from tests import desk
from tests.amendments import amending, handed_in, joint, left, standing
from tests.factories import by_two, context
from tests.onboarding import (
    HolderFactory,
    OnboardedClientFactory,
    PersonFactory,
    company,
    controller,
    furnish_onboarding,
)


@pytest.fixture(autouse=True)
def furnished(db: None) -> None:
    furnish_onboarding()


def stopped() -> tuple[UUID, UUID]:
    """A joint client, and the holder of it who was stopped."""
    client, (_ann, ben) = joint()
    commands.end_authority(context(), client=client, person=ben, capacity=Capacity.HOLDER, reason="LEFT")
    return client, ben


@pytest.mark.rule("CLI-10", "CLI-13")
class TestAHolderWhoActsNoMore:
    @pytest.mark.parametrize("befell", [report_death, report_insolvency])
    def test_holds_it_still_and_freezes_it_by_what_befalls_him(self, befell: Callable[..., Any]) -> None:
        client, ben = stopped()
        befell(context(), person=ben, reference="DC-1")
        assert len(holds_on(client)) == 1
        assert queries.client(client).status == "frozen"

    def test_is_shown_with_what_screening_said_of_him(self) -> None:
        client, ben = stopped()
        then = client_as_of(client, seams.now())
        assert {row.person for row in then.behind} == {ben}
        assert ben in then.screenings
        browser = Client()
        browser.force_login(desk.member("operations", name="ops"))
        page = browser.get(f"/staff/clients/{client}/").content.decode()
        assert page.count(f"/staff/people/{ben}/") == page.count("acts no more") == 1


@pytest.mark.rule("CLI-13")
class TestNobodyIsPassedOver:
    def test_by_an_invitation_of_somebody_the_firm_knows(self) -> None:
        newcomer = company(controller("HK"), HolderFactory(roles=(PartyRole.SIGNATORY,)))
        client = OnboardedClientFactory(newcomer=newcomer)
        first, third = newcomer.people[1].id, newcomer.people[-1].id
        application = amending(client, applicant=first)
        mine = context(source=Source.PORTAL, maker=first)
        with pytest.raises(KnownToTheFirm):
            invite_party(
                mine, application=application, person=third, sealed=sealed_address("mine@example.com")
            )

    def test_by_somebody_else_who_hands_it_in_for_the_applicant(self) -> None:
        newcomer = company(signatures=1)
        client = OnboardedClientFactory(newcomer=newcomer)
        first, second = newcomer.people[1].id, newcomer.people[2].id
        application = amending(client, applicant=first)
        left(application, second)
        commands.submit_application(context(maker=uuid4()), application=application)
        with pytest.raises(MandateNotMet):
            commands.approve_application(by_two(), application=application)
        assert second in queries.authority_holders(client)

    def test_by_one_who_was_stopped_and_is_named_again(self) -> None:
        newcomer = company(signatures=1)
        client = OnboardedClientFactory(newcomer=newcomer)
        first, second = newcomer.people[1].id, newcomer.people[2].id
        signs = {"person": second, "role": PartyRole.SIGNATORY}
        commands.end_authority(
            context(), client=client, person=second, capacity=Capacity.SIGNATORY, reason="FRAUD"
        )
        application = amending(client, applicant=first)
        commands.name_party(context(maker=first), application=application, **signs)
        facts = standing(application)
        assert Party(**signs) in changes(facts).joins
        assert second not in facts.identified

    def test_by_a_joint_holder_with_a_hit_whose_authority_was_ended(self) -> None:
        client, (_ann, ben) = joint()
        commands.end_authority(context(), client=client, person=ben, capacity=Capacity.HOLDER, reason="LEFT")
        assert ben in people_of(client)
        assert client in clients_of(ben)

    def test_by_a_paper_that_another_brings_for_who_signed_it(self) -> None:
        _client, (ann, ben) = joint(signatures=2)
        for kind in (DocumentKind.SIGNATURE, DocumentKind.AUTHORITY):
            for whose, by, refused in ((ben, ann, True), (ben, ben, False)):
                paper = vault.put(whose, vault.Kind.DOCUMENT, newcomers.PAPER).id
                mine = context(source=Source.PORTAL, maker=by)
                with pytest.raises(NotYoursToBring) if refused else nullcontext():
                    commands.store_document(mine, document=paper, kind=kind)
        proof = vault.put(ben, vault.Kind.DOCUMENT, newcomers.PAPER).id
        mine = context(source=Source.PORTAL, maker=ann)
        commands.store_document(mine, document=proof, kind=DocumentKind.ADDRESS)

    def test_by_a_signature_of_the_entity_which_the_desk_alone_takes(self) -> None:
        newcomer = company()
        OnboardedClientFactory(newcomer=newcomer)
        body, first = newcomer.people[0].id, newcomer.people[1].id
        mine = {"source": Source.PORTAL, "maker": first}
        for kind, refused in ((DocumentKind.SIGNATURE, True), (DocumentKind.AUTHORITY, False)):
            paper = vault.put(body, vault.Kind.DOCUMENT, newcomers.PAPER).id
            with pytest.raises(NotYoursToBring) if refused else nullcontext():
                commands.store_document(context(**mine), document=paper, kind=kind)

    def test_by_an_approval_proposed_before_it_was_handed_in_again(self) -> None:
        client, _pair = joint()
        application = handed_in(amending(client))
        proposed = proposal(application)
        behind = seams.now() - timedelta(seconds=30)  # the clock of whoever hands it in
        with seams.using(clock=lambda: behind):
            commands.return_application(context(), application=application, reason="PAPER-UNREADABLE")
            handed_in(application)
        with pytest.raises(StepMissing, match="again"):
            approved(proposed)

    def test_by_what_was_proved_of_somebody_before_he_was_stopped(self) -> None:
        newcomer = company(signatures=1)
        client = OnboardedClientFactory(newcomer=newcomer)
        first, second = newcomer.people[1].id, newcomer.people[2].id
        application = amending(client, applicant=first)
        draft = vault.draft(second, vault.Kind.INDIVIDUAL, PersonFactory())
        commands.record_person.within(vault.keeping(draft), context(), version=draft.id)
        handed_in(application)
        assert second in standing(application).identified
        proposed = proposal(application)
        signing = {"client": client, "person": second, "capacity": Capacity.SIGNATORY}
        commands.end_authority(context(), **signing, reason="FRAUD")
        with pytest.raises(Overtaken):
            approved(proposed)
        commands.return_application(context(), application=application, reason="STOPPED")
        with pytest.raises(Overtaken):
            commands.submit_application(context(maker=first), application=application)
        left(application, second)
        commands.approve_application(by_two(), application=handed_in(application))
        assert queries.authority_holders(client) == {first}


def proposal(application: UUID) -> Proposed:
    """One of the desk proposes to approve it."""
    maker = desk.member("operations", name="mei")
    asked = context(maker=maker.person, actor=maker.actor)
    answer = submit(asked, commands.approve_application, application=application)
    assert isinstance(answer, Proposed)
    return answer


def approved(proposed: Proposed) -> None:
    """Another of the desk approves it."""
    checker = desk.member("operations-checker", name="ho")
    approve(
        context(maker=checker.person, actor=checker.actor),
        proposal=proposed.proposal,
        digest=proposed.digest,
        permissions=frozenset({Perm.APPROVE_CLIENTS}),
    )
