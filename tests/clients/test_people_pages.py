from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from brokerage.access.commands import open_client_login, reject
from brokerage.access.models import Proposal
from brokerage.access.rules import Perm
from brokerage.clients import queries
from brokerage.clients.commands.authority import appoint_attorney
from brokerage.clients.models import Agreement, VaultRecord
from brokerage.clients.past import client_as_of
from brokerage.clients.queries import client as client_of
from brokerage.clients.rules.authority import NotScreened
from brokerage.config import newcomers
from brokerage.ledger import seams
from brokerage.ledger.hong_kong import HONG_KONG
from brokerage.market.rules.calendars import hong_kong_date
from tests import desk
from tests.clients.test_screening import holder, person
from tests.clients.test_watch_pages import body, desk_of
from tests.factories import CHECKER, by_two, context
from tests.onboarding import identity

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
    assert "legal hold CASE-1</span>" in body(browser, reverse("person", args=[somebody]))
    browser.post(reverse("person-erase", args=[somebody]), {"reason": "DSR-1"})
    assert not Proposal.objects.exists()
    browser.post(reverse("person-release", args=[somebody]), {"hold": "CASE-1", "reason": "ENDED"})
    assert not queries.person(somebody).held


def test_an_erasure_waits_for_a_second_person():
    somebody = person("Harmless")
    desk_of("compliance").post(reverse("person-erase", args=[somebody]), {"reason": "DSR-1"})
    assert Proposal.objects.get().command == "clients.erase-person"
    assert queries.person(somebody)


def test_who_has_a_login_and_no_record_is_erased_from_a_page():
    stranger = uuid4()
    open_client_login("stranger", stranger, desk.PASSWORD)
    browser = desk_of("compliance")
    assert reverse("person-erase", args=[stranger]) in body(browser, reverse("person", args=[stranger]))
    browser.post(reverse("person-erase", args=[stranger]), {"reason": "DSR-1"})
    assert Proposal.objects.get().command == "clients.erase-person"


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
    (digest,) = queries.texts_proposed()
    assert Proposal.objects.get().command == "clients.publish-agreement"
    assert not Agreement.objects.exists()
    assert digest in body(browser, reverse("agreements"))
    assert "Be clear." in body(browser, reverse("agreement-text", args=[digest]))
    assert browser.get(reverse("agreement-text", args=["0" * 64])).status_code == 404
    made = Proposal.objects.get()
    may = frozenset({Perm.APPROVE_AGREEMENTS})
    reject(context(maker=CHECKER), proposal=made.id, reason="UNCLEAR", permissions=may)
    assert digest not in body(browser, reverse("agreements"))


def test_the_desk_records_an_attorney_with_a_paper_and_has_him_screened():
    client = holder(principal := person("Principal"))
    browser = desk_of("operations")
    details = {
        "family_name": "Ng",
        "given_names": "Attorney",
        "birth_date": "1980-02-03",
        "nationality": "HK",
        "id_kind": "hkid",
        "id_number": "A1",
        "line": "1 Road",
        "city": "Hong Kong",
        "country": "HK",
    }
    before = VaultRecord.objects.count()
    assert (
        "two-letter code" in browser.post(reverse("person-new"), details | {"country": "XX"}).content.decode()
    )
    assert VaultRecord.objects.count() == before
    page = browser.post(reverse("person-new"), details)["Location"]
    attorney = UUID(page.split("/")[-2])
    power = SimpleUploadedFile("power.pdf", newcomers.PAPER)
    wanted = {"person": str(principal), "kind": "authority", "file": power}
    browser.post(reverse("person-paper", args=[principal]), wanted)
    paper = queries.documents(principal)[-1]
    with pytest.raises(NotScreened):
        appoint(client, attorney, paper.id)
    browser.post(reverse("person-screen", args=[attorney]))
    appoint(client, attorney, paper.id)
    assert queries.in_the_hands_of(attorney) == {client}
    end = datetime.combine(hong_kong_date(seams.now()), time.max, HONG_KONG).astimezone(UTC)
    for at, acts in ((end, True), (end + timedelta(hours=1), False)):  # the day ends in Hong Kong
        assert (attorney in {row.person for row in client_as_of(client, at).authorities}) is acts


def appoint(client, attorney, paper):
    until = hong_kong_date(seams.now())
    papers = {"document": paper, "identity": identity(attorney)}
    appoint_attorney(by_two(), client=client, person=attorney, until=until, **papers)
