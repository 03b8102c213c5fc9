"""Applications over REST: decisions by the same commands, an applicant's own and nobody else's."""

import json
from uuid import UUID

import pytest

from brokerage.clients import queries
from brokerage.clients.rules.application import Stage
from brokerage.config import newcomers
from tests.http import callers
from tests.onboarding import DESK, HolderFactory, NewcomerFactory, furnish_onboarding

pytestmark = pytest.mark.django_db(transaction=True)


def data(answer, status=200):
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)["data"]


@pytest.fixture
def waiting(db):
    """An application that waits to be classified, and who applied."""
    furnish_onboarding()
    newcomer = NewcomerFactory()
    application = newcomers.apply(DESK, newcomer)
    newcomers.go_on(DESK, application, newcomer, Stage.CLASSIFICATION)
    return application, newcomer.people[0].id


def test_an_application_is_read_decided_and_proposed(waiting):
    application, _ = waiting
    operations = callers.staff("operations")
    assert data(operations.get(f"applications/{application}"))["undone"][0] == "classification"
    path = f"applications/{application}"
    data(operations.post(f"{path}/classify", {"investor": "retail"}))
    left = data(operations.post(f"{path}/knowledge", {}))["undone"]
    assert left[0] == "credit"
    refused = operations.post(f"{path}/approve", {"reference": "C-1"})
    assert json.loads(refused.content)["code"] == "clients.step-missing"
    newcomer = NewcomerFactory(people=queries_people(application))
    limit = {"requested": "9000", "grounds": ["income"]}
    refused = callers.staff("credit", name="lin").post(f"{path}/credit", limit)
    assert json.loads(refused.content)["code"] == "clients.evidence-missing", refused.content
    for step in (newcomers.assess_credit, newcomers.sign, newcomers.certify, newcomers.pay_in):
        step(DESK, application, newcomer)
    assert operations.post(f"{path}/approve", {"reference": "C-1"}).status_code == 202


def queries_people(application):
    return tuple(HolderFactory(id=person) for person in queries.people_of(application))


def test_an_applicant_sees_the_own_application_without_the_firms_steps(waiting):
    application, person = waiting
    mine = callers.Caller(callers.desk.member(name="mine", staff=False))
    mine.user.person = person
    mine.user.save()
    other = callers.Caller(callers.desk.member(name="other", staff=False))
    assert data(mine.get(f"applications/{application}"))["undone"] is None
    assert [each["id"] for each in data(mine.get("applications"))] == [str(application)]
    assert data(other.get("applications")) == []
    assert other.get(f"applications/{application}").status_code == 404
    assert other.post(f"applications/{application}/submit", {}).status_code == 404


def test_who_is_only_named_in_an_application_does_not_hand_it_in(db):
    ann, ben = (callers.Caller(callers.desk.member(name=name, staff=False)) for name in ("ann", "ben"))
    begun = {"form": "joint", "signatures": 2, "margin": False}
    application = data(ann.post("applications/start", begun), 201)["id"]
    for each in (ann, ben):
        named = HolderFactory(id=each.user.person)
        newcomers.name(DESK, UUID(application), named)
    path = f"applications/{application}"
    assert ben.get(path).status_code == 200
    assert ben.post(f"{path}/submit", {}).status_code == 404
    assert json.loads(ann.post(f"{path}/submit", {}).content)["code"] == "clients.step-missing"


def test_an_applicant_removes_whom_it_named_and_nobody_elses(db):
    ann, eve = (callers.Caller(callers.desk.member(name=name, staff=False)) for name in ("ann", "eve"))
    begun = {"form": "individual", "signatures": 1, "margin": False}
    application = data(ann.post("applications/start", begun), 201)["id"]
    named = HolderFactory()
    newcomers.name(DESK, UUID(application), named)
    path, wanted = f"applications/{application}/remove-party", {"person": str(named.id), "role": "holder"}
    assert eve.post(path, wanted).status_code == 404
    assert data(ann.post(path, wanted))["state"] == "draft"
    assert queries.people_of(UUID(application)) == []
    assert json.loads(ann.post(path, wanted).content)["code"] == "clients.unknown-party"


def test_nobody_of_the_firm_begins_an_application_which_only_its_applicant_can_fill_in(db):
    begun = {"form": "individual", "signatures": 1, "margin": False}
    for role in ("operations", "compliance"):
        assert callers.staff(role, name=role).post("applications/start", begun).status_code == 403


def test_a_client_begins_an_application_as_its_applicant(db):
    applicant = callers.Caller(callers.desk.member(name="new", staff=False))
    made = data(
        applicant.post("applications/start", {"form": "joint", "signatures": 2, "margin": False}), 201
    )
    assert made["state"] == "draft"
    assert [str(each.id) for each in queries.applications_of(applicant.user.person)] == [made["id"]]
