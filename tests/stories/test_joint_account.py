"""Two people open an account together: both are identified, both sign, both are certified."""

from dataclasses import replace

import pytest

from brokerage.clients import queries
from brokerage.clients.rules.application import Stage
from brokerage.clients.rules.stages import undone
from brokerage.clients.rules.status import ClientType
from brokerage.config import newcomers
from tests.onboarding import (
    DESK,
    HolderFactory,
    NewcomerFactory,
    OnboardedClientFactory,
    certified,
    furnish_onboarding,
)

pytestmark = pytest.mark.django_db


def couple(**changes):
    return NewcomerFactory(form=ClientType.JOINT, people=(HolderFactory(), HolderFactory()), **changes)


@pytest.mark.rule("CLI-13")
def test_a_joint_account_is_in_the_hands_of_both_and_either_may_instruct():
    newcomer = couple()
    client = OnboardedClientFactory(newcomer=newcomer)
    both = {each.id for each in newcomer.people}
    assert all(queries.in_the_hands_of(person) == {client} for person in both)
    assert queries.mandate(client).people == both
    assert queries.mandate(client).signatures == 1
    assert all(certified(person) == ("HK",) for person in both)
    for each in newcomer.people:
        assert each.details.given_names in queries.labels([client])[client]


def test_one_holders_signature_is_not_enough_even_if_either_may_instruct():
    furnish_onboarding()
    newcomer = couple()
    application = newcomers.apply(DESK, newcomer)
    newcomers.go_on(DESK, application, newcomer, Stage.AGREEMENTS)
    newcomers.sign(DESK, application, newcomer)
    facts = queries.facts(queries.application(application))
    one = {kind: frozenset(sorted(people)[:1]) for kind, people in facts.signed.items()}
    assert Stage.AGREEMENTS not in undone(facts)
    assert Stage.AGREEMENTS in undone(replace(facts, signed=one))
