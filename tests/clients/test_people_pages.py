import pytest
from django.urls import reverse

from brokerage.access.models import Proposal
from brokerage.clients import queries
from brokerage.clients.models import Agreement
from brokerage.clients.queries import client as client_of
from tests.clients.test_screening import holder, person
from tests.clients.test_watch_pages import body, desk_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("befell", ["death", "insolvency"])
def test_what_befell_a_person_freezes_the_clients_held(befell):
    somebody = person("Harmless")
    client = holder(somebody)
    browser, page = desk_of("operations"), reverse("person", args=[somebody])
    assert f"{page}{befell}/" in body(browser, page)
    assert page in body(browser, reverse("client", args=[client]))
    browser.post(reverse(f"person-{befell}", args=[somebody]), {"reference": "DC-77"})
    assert client_of(client).status == "frozen"


def test_a_legal_hold_is_placed_and_lifted_by_compliance_and_forbids_erasure():
    somebody = person("Harmless")
    browser = desk_of("compliance")
    browser.post(reverse("person-hold", args=[somebody]), {"reason": "CASE-1"})
    assert "legal hold</span>" in body(browser, reverse("person", args=[somebody]))
    browser.post(reverse("person-erase", args=[somebody]), {"reason": "DSR-1"})
    assert not Proposal.objects.exists()
    browser.post(reverse("person-release", args=[somebody]), {"reason": "CASE-1"})
    assert not queries.person(somebody).held


def test_an_erasure_waits_for_a_second_person():
    somebody = person("Harmless")
    desk_of("compliance").post(reverse("person-erase", args=[somebody]), {"reason": "DSR-1"})
    assert Proposal.objects.get().command == "clients.erase-person"
    assert queries.person(somebody)


def test_a_persons_page_names_nobody_to_an_auditor_and_an_unknown_one_is_not_found():
    somebody = person("Harmless")
    browser = desk_of("auditor")
    page = body(browser, reverse("person", args=[somebody]))
    assert "Harmless" not in page
    assert "erase" not in page.lower()
    stranger = holder(person("Other"))
    assert browser.get(reverse("person", args=[stranger])).status_code == 404


def test_a_new_version_of_an_agreement_waits_for_a_second_person_who_can_read_it():
    browser = desk_of("compliance")
    browser.post(reverse("agreement-publish"), {"kind": "client-agreement", "text": "Be fair.\n\nBe clear."})
    (digest,) = queries.texts_not_published()
    assert Proposal.objects.get().command == "clients.publish-agreement"
    assert not Agreement.objects.exists()
    assert digest in body(browser, reverse("agreements"))
    assert "Be clear." in body(browser, reverse("agreement-text", args=[digest]))
    assert browser.get(reverse("agreement-text", args=["0" * 64])).status_code == 404
