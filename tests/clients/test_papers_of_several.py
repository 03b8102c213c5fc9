"""What staff record on paper takes as many signers as the mandate asks; an attorney is proved."""

from datetime import date
from decimal import Decimal

import pytest

from brokerage.clients import commands, queries
from brokerage.clients.commands.authority import appoint_attorney
from brokerage.clients.commands.screening import screen
from brokerage.clients.commands.standing_authorities import give_standing_authority
from brokerage.clients.models import StandingAuthority
from brokerage.clients.rules.application import (
    Stage,
)
from brokerage.clients.rules.authority import NotScreened
from brokerage.clients.rules.classification import Investor
from brokerage.clients.rules.documents import DocumentKind, UnknownDocument
from brokerage.clients.rules.mandate import MandateNotMet
from brokerage.clients.rules.standing_authorities import Purpose
from brokerage.config import newcomers
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
from tests.amendments import joint, signed
from tests.clients.test_screening import person as recorded
from tests.factories import ClientFactory, by_two, context
from tests.onboarding import (
    DESK,
    FinancesFactory,
    company,
    entitled,
    furnish_onboarding,
    identity,
    listed,
    screened,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def furnished(db: None) -> None:
    furnish_onboarding()


class TestAnAttorney:
    @pytest.mark.rule("CLI-6", "CLI-10")
    def test_is_proved_and_stopped_by_no_hit(self) -> None:
        client = ClientFactory()
        ann, attorney = entitled(client), recorded("Wanted")
        wanted = {
            "client": client,
            "person": attorney,
            "document": newcomers.paper(DESK, ann, DocumentKind.AUTHORITY),
        }
        until = hong_kong_date(seams.now())
        listed("UN-1,sanction,Wanted Person,,1960,KP,UN", dated=date(2026, 11, 2))
        screen(context(), person=attorney)
        with pytest.raises(NotScreened):
            appoint_attorney(by_two(), **wanted, identity=identity(attorney), until=until)
        other = screened(recorded("Harmless"))
        with pytest.raises(UnknownDocument):
            appoint_attorney(
                by_two(), **(wanted | {"person": other}), identity=identity(attorney), until=until
            )


class TestAPaper:
    """CLI-13: what staff record on paper takes as many signers as the mandate asks."""

    @pytest.mark.rule("AST-2", "CLI-13")
    def test_of_one_of_two_who_sign_together_gives_no_standing_authority(self) -> None:
        client, (ann, ben) = joint(signatures=2)
        today = hong_kong_date(seams.now())
        wanted = {"client": client, "purpose": Purpose.CLIENT_MONEY, "ends": today, "revocation_stated": True}
        one = signed(ann)
        for papers in ((one,), (one, signed(ann))):
            with pytest.raises(MandateNotMet):
                give_standing_authority(context(), **wanted, documents=papers)
        both = (one, signed(ben))
        authority = give_standing_authority(context(), **wanted, documents=both).value
        assert StandingAuthority.objects.get(pk=authority).documents == [str(each) for each in both]

    @pytest.mark.rule("CLI-2", "CLI-13")
    def test_of_one_of_two_waives_no_suitability(self) -> None:
        newcomer = company(investor=Investor.CORPORATE, finances=FinancesFactory(cash=Decimal(9_000_000)))
        application = newcomers.apply(DESK, newcomer)
        newcomers.go_on(DESK, application, newcomer, Stage.CLASSIFICATION)
        body, first, second, _ = (each.id for each in newcomer.people)
        wanted = {
            "application": application,
            "investor": Investor.CORPORATE,
            "evidence": newcomers.paper(DESK, body, DocumentKind.ASSETS),
            "evidence_dated": newcomer.finances.evidence_dated,
            "assessed": True,
            "waive": True,
        }
        with pytest.raises(MandateNotMet):
            commands.classify_applicant(context(), **wanted, consents=(signed(first),))
        both = (signed(first), signed(second))
        commands.classify_applicant(context(), **wanted, consents=both)
        assert not queries.standing(application).suitability
