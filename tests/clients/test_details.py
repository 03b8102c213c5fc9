"""The desk and REST enter what papers say of somebody on record: new details, and a tax certificate."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from brokerage.clients import queries, vault
from brokerage.clients.commands.reviews import change_circumstances
from brokerage.clients.models import VaultRecord
from brokerage.clients.queries.screening import is_screened
from brokerage.clients.queries.tax import certificates_due
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.reviews import Circumstance
from brokerage.config import newcomers
from brokerage.ledger import seams
from brokerage.ledger.codec import instant_text
from tests.clients.test_screening import holder, person
from tests.clients.test_watch_pages import body, desk_of
from tests.factories import context
from tests.http import callers
from tests.onboarding import DESK, HolderFactory, certified

pytestmark = pytest.mark.django_db(transaction=True)
PERSON = {
    "family_name": "Person",
    "given_names": "Renamed",
    "birth_date": "1960-05-01",
    "nationality": "HK",
    "id_kind": "passport",
    "id_number": "K1234567",
}
HOME = {"line": "1 Example Road", "city": "Hong Kong", "country": "HK"}
ODD = {"country_1": "GB", "missing_1": "applied-for", "country_4": "FR", "missing_4": "not-issued"}


def signed(somebody):
    return newcomers.paper(DESK, somebody, DocumentKind.SIGNATURE)


def due(somebody):
    return [each.person for each in certificates_due(seams.now(), [somebody])]


class TestTheDesk:
    @pytest.mark.rule("CLI-6", "CLI-10")
    def test_corrects_a_record_which_is_then_screened_and_certified_again(self):
        client = holder(somebody := person("Harmless"))
        newcomers.certify_one(DESK, HolderFactory(id=somebody))
        browser, page = desk_of("operations"), reverse("person-correct", args=[somebody])
        assert 'value="Harmless"' in body(browser, page)
        assert page in body(browser, reverse("person", args=[somebody]))
        before = VaultRecord.objects.count()
        wrong = browser.post(page, PERSON | HOME | {"country": "XX"}).content.decode()
        assert "two-letter code" in wrong
        assert VaultRecord.objects.count() == before
        assert browser.post(page, PERSON | HOME)["Location"] == reverse("person", args=[somebody])
        assert vault.known(queries.person(somebody).version).given_names == "Renamed"
        assert not is_screened(somebody)
        assert due(somebody) == [somebody]
        (certificate,) = certificates_due(seams.now(), [somebody])
        shown = json.loads(callers.staff("auditor", name="lam").get(f"people/{somebody}").content)["data"]
        assert shown["certificate_until"] == instant_text(certificate.until)
        for name, of in (("person", somebody), ("client", client)):
            assert "A new tax certificate is due by" in body(browser, reverse(name, args=[of]))
        assert (
            queries.client(client).reference
            in body(browser, reverse("client-reviews")).split('id="tax-head"')[1]
        )

    def test_enters_a_certificate_with_every_residence_once_what_does_not_fit_is_confirmed(self):
        somebody = person("Harmless")
        browser, page = desk_of("operations"), reverse("person-certify", args=[somebody])
        given = ODD | {"document": str(signed(somebody)), "signed_on": "2026-11-02"}
        lost = browser.post(page, given | {"country_4": ""}).content.decode()
        assert "Name the country that this is about." in lost
        doubted = browser.post(page, given, follow=True).content.decode()
        assert re.findall(r'name="confirmed" value="([^"]+)"', doubted) == ["address-HK"]
        assert not VaultRecord.objects.filter(kind="certificate").exists()
        browser.post(page, given | {"confirmed": ["address-HK"]})
        assert certified(somebody) == ("GB", "FR")

    def test_sees_a_certificate_overdue_after_ninety_days(self):
        client = holder(somebody := person("Harmless"))
        newcomers.certify_one(DESK, HolderFactory(id=somebody))
        browser, page = desk_of("operations"), reverse("client-reviews")
        assert "tax-head" not in body(browser, page)
        long_ago = seams.now() - timedelta(days=90)
        with seams.using(clock=lambda: long_ago):
            change_circumstances(context(), client=client, what=Circumstance.TAX_RESIDENCE)
        assert "overdue" in body(browser, page).split('id="tax-head"')[1]


class TestRest:
    def test_records_details_under_a_key_and_shows_none_of_them(self):
        somebody = person("Harmless")
        path, staff = f"people/{somebody}/record", callers.staff("operations")
        sent = {"individual": PERSON | {"address": HOME}}
        first = staff.post(path, sent, key="a-key-of-mine")
        assert first.status_code == 200, first.content
        assert json.loads(first.content)["data"]["certificate_until"] is None
        assert b"Renamed" not in first.content
        version = queries.person(somebody).version
        again = staff.post(path, sent, key="a-key-of-mine")
        assert (again.status_code, again["Idempotency-Replayed"]) == (200, "true")
        other = {"individual": PERSON | {"address": HOME, "given_names": "Another"}}
        reused = staff.post(path, other, key="a-key-of-mine")
        assert json.loads(reused.content)["code"] == "ledger.key-reused"
        assert queries.person(somebody).version == version
        before = VaultRecord.objects.count()
        body = {"name": "A", "number": "1", "country": "HK", "address": HOME}
        for wrong in ({"entity": body}, {}, {**sent, "entity": body}):
            assert staff.post(path, wrong).status_code == 400
        far = {"individual": PERSON | {"address": HOME | {"country": "XX"}}}
        assert json.loads(staff.post(path, far).content)["code"] == "clients.bad-country"
        assert VaultRecord.objects.count() == before

    def test_enters_a_signed_certificate(self):
        somebody = person("Harmless")
        path, staff = f"people/{somebody}/certify-tax", callers.staff("operations")
        sent = {
            "document": str(signed(somebody)),
            "signed_on": "2026-11-02",
            "residences": [{"country": "GB", "number": "1955839661"}],
        }
        before = VaultRecord.objects.count()
        assert json.loads(staff.post(path, sent).content)["code"] == "clients.certificate-doubtful"
        assert VaultRecord.objects.count() == before
        taken = staff.post(path, sent | {"confirmed": ["address-HK"]})
        assert taken.status_code == 200, taken.content
        assert b"1955839661" not in taken.content
        assert certified(somebody) == ("GB",)
