"""A passive company, professional by its portfolio, controlled from two countries."""

from decimal import Decimal

import pytest

from brokerage.clients import queries
from brokerage.clients.commands import approve_application
from brokerage.clients.rules.application import Stage
from brokerage.clients.rules.classification import Investor
from brokerage.clients.rules.mandate import MandateNotMet, check_instructed
from brokerage.clients.rules.stages import undone
from brokerage.clients.rules.tax import Residence
from brokerage.config import newcomers
from tests.factories import by_two
from tests.onboarding import DESK, FinancesFactory, certified, company, controller, furnish_onboarding

pytestmark = pytest.mark.django_db


def test_a_company_is_taken_on_once_both_its_controllers_certified():
    furnish_onboarding()
    ann = controller("GB", Residence(country="GB", number="1955839661"))
    ben = controller("US", Residence(country="US", number="536-90-4399"))
    newcomer = company(
        ann,
        ben,
        investor=Investor.CORPORATE,
        finances=FinancesFactory(cash=Decimal(8_000_000)),
        requested=Decimal(2_000_000),
    )
    application = newcomers.apply(DESK, newcomer)
    newcomers.go_on(DESK, application, newcomer, Stage.TAX)
    for each in (newcomer.people[0], ann):
        newcomers.certify_one(DESK, each)
    assert undone(queries.facts(queries.application(application)))[0] is Stage.TAX
    newcomers.certify_one(DESK, ben)
    newcomers.pay_in(DESK, application, newcomer)
    client = approve_application(by_two(), application=application, reference="CORP-1").value
    assert queries.client(client).classification == "pi"
    assert queries.standing(client).suitability
    assert certified(ann.id) == ("GB",)
    assert certified(ben.id) == ("US",)
    assert queries.labels([client]) == {client: "Harbour Holdings Limited"}
    signatories = [each.id for each in newcomer.people[1:3]]
    mandate = queries.mandate(client)
    check_instructed(mandate, signatories)
    with pytest.raises(MandateNotMet):
        check_instructed(mandate, [signatories[0], ann.id])
