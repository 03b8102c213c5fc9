"""Ways to change who signs for a client without those who do, each of them shut."""

from uuid import uuid4

import pytest

from brokerage.access.commands import sealed_address
from brokerage.clients import commands, queries
from brokerage.clients.commands.invitation import invite_party
from brokerage.clients.queries.holds import clients_of, people_of
from brokerage.clients.rules.amendment import changes
from brokerage.clients.rules.application import Party, PartyRole
from brokerage.clients.rules.authority import Capacity
from brokerage.clients.rules.mandate import MandateNotMet
from brokerage.clients.rules.signing import KnownToTheFirm
from brokerage.ledger.entry import Source
from tests.amendments import amending, joint, left, standing
from tests.factories import by_two, context
from tests.onboarding import (
    HolderFactory,
    OnboardedClientFactory,
    company,
    controller,
    furnish_onboarding,
)


@pytest.fixture(autouse=True)
def furnished(db: None) -> None:
    furnish_onboarding()


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
