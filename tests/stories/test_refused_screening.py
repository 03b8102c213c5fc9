"""An applicant on a sanctions list: stopped, cleared by two people if another person, refused if not."""

from datetime import date

import pytest

from brokerage.clients import queries
from brokerage.clients.commands import approve_application, refuse_application
from brokerage.clients.commands.screening import clear_hit, confirm_hit
from brokerage.clients.rules.application import ApplicationClosed, Stage, StepMissing
from brokerage.clients.rules.screening import ClearReason
from brokerage.clients.rules.stages import undone
from brokerage.config import newcomers
from brokerage.ledger.entry import SecondPersonNeeded
from tests.factories import by_two, context
from tests.onboarding import (
    DESK,
    HolderFactory,
    NewcomerFactory,
    PersonFactory,
    furnish_onboarding,
    listed,
    matched,
)

pytestmark = [pytest.mark.django_db, pytest.mark.rule("CLI-10")]
WANTED = "UN-1,sanction,Wanted Person,,1960,KP,UN"


@pytest.fixture
def stopped():
    """The application and person of somebody whom the list names."""
    furnish_onboarding()
    listed(WANTED, dated=date(2026, 11, 2))
    details = PersonFactory(family_name="Wanted", given_names="Person", birth_date=date(1960, 5, 1))
    newcomer = NewcomerFactory(people=(HolderFactory(details=details),))
    application = newcomers.apply(DESK, newcomer)
    newcomers.go_on(DESK, application, newcomer, Stage.CLASSIFICATION)
    return application, newcomer


def stage(application):
    return undone(queries.facts(queries.application(application)))[0]


def test_a_hit_stops_every_step_after_it(stopped):
    application, newcomer = stopped
    assert stage(application) is Stage.SCREENING
    with pytest.raises(StepMissing):
        newcomers.classify(DESK, application, newcomer)
    with pytest.raises(StepMissing):
        approve_application(by_two(), application=application, reference="A-1")


def test_a_hit_that_two_people_clear_lets_the_applicant_go_on(stopped):
    application, newcomer = stopped
    person = newcomer.people[0].id
    with pytest.raises(SecondPersonNeeded):
        clear_hit(context(), **matched(person), reason=next(iter(ClearReason)))
    clear_hit(by_two(), **matched(person), reason=next(iter(ClearReason)))
    assert stage(application) is Stage.CLASSIFICATION


def test_a_confirmed_hit_ends_in_a_refusal(stopped):
    application, newcomer = stopped
    confirm_hit(by_two(), **matched(newcomer.people[0].id))
    assert stage(application) is Stage.SCREENING
    refuse_application(context(), application=application, reason="CASE-77")
    with pytest.raises(ApplicationClosed):
        approve_application(by_two(), application=application, reference="A-1")


def test_a_new_list_stops_an_application_that_was_clear(stopped):
    application, newcomer = stopped
    clear_hit(by_two(), **matched(newcomer.people[0].id), reason=next(iter(ClearReason)))
    listed(WANTED, "UN-2,sanction,Another,,1950,KP,UN", dated=date(2026, 11, 3))
    assert stage(application) is Stage.SCREENING
    newcomers.look_up(DESK, application, newcomer)
    assert stage(application) is Stage.CLASSIFICATION
