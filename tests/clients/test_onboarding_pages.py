"""The way in through real pages: the applicant's wizard, the desk's queue, and what neither shows."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from brokerage.access.commands import approve
from brokerage.access.models import Proposal
from brokerage.clients import commands, queries, vault
from brokerage.clients.commands import erase_person, record_person
from brokerage.clients.models import ClientLabel, PersonReading, VaultRecord
from brokerage.clients.queries import intake
from brokerage.clients.rules import terms
from brokerage.clients.rules.application import Stage
from brokerage.clients.rules.person import RecordSettled
from brokerage.clients.rules.stages import undone
from brokerage.clients.rules.terms import TERMS
from brokerage.config import newcomers
from brokerage.http.principal import context as context_of
from brokerage.http.principal import principal
from brokerage.ledger import seams
from tests import desk
from tests.factories import ClientFactory, by_two, context
from tests.onboarding import DESK, NewcomerFactory, PersonFactory, entitled, furnish_onboarding

pytestmark = pytest.mark.django_db(transaction=True)
PERSON = {
    "me": "on",
    "role": "holder",
    "family_name": "<b>Chan</b>",
    "given_names": "大文 𠀀",
    "native_name": "محمد",
    "birth_date": "1980-02-03",
    "nationality": "HK",
    "id_kind": "hkid",
    "id_number": "A123456(3)",
    "line": "1 Harbour Road",
    "city": "Hong Kong",
    "country": "HK",
}
WEALTH = dict.fromkeys(("securities", "funds", "real_estate", "virtual_assets", "other", "liabilities"), "0")
ENQUIRY = {"va_trades": "9", "derivatives_trades": "0"}


@pytest.fixture
def applicant(client):
    user = desk.member(name="chan", staff=False)
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def application(applicant):
    """The address of a draft of the applicant's."""
    furnish_onboarding()
    answer = applicant.post("/portal/apply/", {"form": "individual", "signatures": "1"})
    assert answer.status_code == 302
    return answer["Location"]


def send(browser, address, given, status=302):
    answer = browser.post(address, given)
    assert answer.status_code == status, answer.content.decode()
    return answer


def text(answer):
    return " ".join(answer.content.decode().split())


def paper(content=newcomers.PAPER, name="../../etc/passwd.pdf"):
    return SimpleUploadedFile(name, content)


def fill(browser, application):
    send(browser, f"{application}people/", PERSON)
    person = str(browser.user.person)
    send(browser, f"{application}papers/", {"person": person, "kind": "identity", "file": paper()})
    send(browser, f"{application}finances/", WEALTH | {"cash": "2000000", "evidence_dated": "2026-11-01"})
    send(browser, f"{application}knowledge/", ENQUIRY)
    tax = {"person": person, "country_1": "HK", "missing_1": "not-issued"}
    send(browser, f"{application}tax/", tax)
    page = text(browser.get(f"{application}agreements/"))
    for id, digest in re.findall(r'name="agreement" value="([^"]+)"> ?<input[^>]*value="([^"]+)"', page):
        send(browser, f"{application}agreements/", {"agreement": id, "digest": digest})
    send(browser, f"{application}decide/", {"act": "submit"})


class TestTheApplicant:
    def test_gets_from_the_first_page_to_the_firms_desk(self, applicant, application):
        fill(applicant, application)
        found = queries.applications_of(applicant.user.person)[0]
        facts = queries.facts(found)
        assert found.state == "submitted"
        assert undone(facts) == (
            Stage.IDENTITY,
            Stage.SCREENING,
            Stage.CLASSIFICATION,
            Stage.KNOWLEDGE,
            Stage.CREDIT,
            Stage.FIRST_TRANSFER,
            Stage.APPROVAL,
        )

    def test_is_led_to_the_page_left_open(self, applicant, application):
        assert (
            f'href="{application}people/"' in text(applicant.get(application)).split('id="resume"')[1][:120]
        )
        send(applicant, f"{application}people/", PERSON)
        assert (
            f'href="{application}papers/"' in text(applicant.get(application)).split('id="resume"')[1][:120]
        )

    def test_reads_names_as_text_in_any_script(self, applicant, application):
        send(applicant, f"{application}people/", PERSON)
        for page in (f"{application}papers/", "/portal/profile/"):
            shown = text(applicant.get(page))
            assert "&lt;b&gt;Chan&lt;/b&gt; 大文 𠀀" in shown
            assert "محمد" in shown

    def test_is_told_in_words_what_is_wrong(self, applicant, application):
        wrong = send(applicant, f"{application}people/", PERSON | {"family_name": "a\u202eb"}, 200)
        assert "invisible control characters" in text(wrong)
        wrong = send(applicant, f"{application}people/", PERSON | {"country": "XX"}, 200)
        assert "two-letter code" in text(wrong)
        assert "Name 1 to 1 as holder" in text(
            applicant.post(f"{application}decide/", {"act": "submit"}, follow=True)
        )

    def test_confirms_exactly_what_was_shown_not_to_fit_in_a_tax_certificate(self, applicant, application):
        send(applicant, f"{application}people/", PERSON)
        odd = {"person": str(applicant.user.person), "country_1": "US", "number_1": "000-12-3456"}
        wrong = text(send(applicant, f"{application}tax/", odd, 200))
        assert "The tax number of US does not look like one." in wrong
        shown = re.findall(r'name="confirmed" value="([^"]+)"', wrong)
        assert shown == ["number-US", "address-HK"]
        for unseen in ({"confirm": "on"}, {"confirmed": shown[:1]}, {"confirmed": [*shown, "citizen-US"]}):
            send(applicant, f"{application}tax/", odd | unseen, 200)
        other = odd | {"country_1": "GB", "number_1": "1955839662", "confirmed": shown}
        assert 'value="number-GB"' in text(send(applicant, f"{application}tax/", other, 200))
        assert not VaultRecord.objects.filter(kind="certificate").exists()
        send(applicant, f"{application}tax/", odd | {"confirmed": shown})

    def test_leaves_nothing_sealed_when_a_signature_is_refused(self, applicant, application):
        send(applicant, f"{application}people/", PERSON)
        version = next(iter(queries.agreements_in_force().values()))
        before = VaultRecord.objects.count()
        send(applicant, f"{application}agreements/", {"agreement": version.id, "digest": "another text's"})
        assert VaultRecord.objects.count() == before
        send(applicant, f"{application}agreements/", {"agreement": version.id, "digest": version.digest})
        assert VaultRecord.objects.count() == before + 1

    def test_cannot_sign_without_a_fresh_second_factor(self, applicant, application):
        send(applicant, f"{application}people/", PERSON)
        session = applicant.session
        session["confirmed_at"] = "2020-01-01T00:00:00+00:00"
        session.save()
        assert applicant.get(f"{application}agreements/").status_code == 302
        assert applicant.post(f"{application}agreements/", {"agreement": str(uuid4())}).status_code == 302
        assert queries.signatures(queries.applications_of(applicant.user.person)[0].id) == []

    @pytest.mark.rule("CLI-13")
    def test_is_offered_the_parts_that_its_legal_form_has(self, applicant, application):
        assert applicant.get(f"{application}entity/").status_code == 404
        page = text(applicant.get(f"{application}people/"))
        assert re.findall(
            r'<option value="([a-z]+)">', page.split('name="role"')[1].split("</select>")[0]
        ) == ["holder"]
        send(applicant, f"{application}people/", PERSON | {"role": "signatory"}, 200)
        assert not VaultRecord.objects.exists()

    def test_leaves_nothing_sealed_of_a_person_who_is_not_named(self, applicant):
        begun = applicant.post("/portal/apply/", {"form": "corporate", "signatures": "1"})["Location"]
        unsaid = PERSON | {"me": "", "role": "controller"}
        assert "how a controller controls" in text(send(applicant, f"{begun}people/", unsaid, 200))
        assert not VaultRecord.objects.exists()
        send(applicant, f"{begun}people/", unsaid | {"control": "801"})
        assert VaultRecord.objects.count() == 1

    def test_removes_who_was_named_by_mistake(self, applicant, application):
        send(applicant, f"{application}people/", {**PERSON, "me": ""})
        assert "remove one first" in text(send(applicant, f"{application}people/", PERSON, 200))
        page = text(applicant.get(f"{application}people/"))
        (other,) = re.findall(r'name="person" value="([^"]+)"', page)
        assert other != str(applicant.user.person)
        named = {"person": other, "role": "holder"}
        send(applicant, f"{application}remove/", named)
        send(applicant, f"{application}people/", PERSON)
        assert f'value="{other}"' not in text(applicant.get(f"{application}people/"))
        for wrong in ({**named, "role": "king"}, {"person": "x"}):
            assert applicant.post(f"{application}remove/", wrong).status_code == 404
        send(applicant, f"{application}decide/", {"act": "withdraw"})
        assert "remove/" not in text(applicant.get(f"{application}people/"))

    def test_brings_in_so_much_a_day_and_no_more(self, applicant, application, monkeypatch):
        few = replace(TERMS[-1], applications_a_day=2, sealed_a_day=3, people_named=1)
        monkeypatch.setattr(terms, "TERMS", (few,))
        begin = {"form": "individual", "signatures": "1"}
        send(applicant, "/portal/apply/", begin)
        assert "from today" in text(send(applicant, "/portal/apply/", begin, 200))
        send(applicant, f"{application}people/", PERSON)
        person = str(applicant.user.person)
        given = {"person": person, "kind": "identity"}
        send(applicant, f"{application}papers/", given | {"file": paper()})
        send(applicant, f"{application}finances/", WEALTH | {"cash": "9", "evidence_dated": "2026-11-01"})
        version = next(iter(queries.agreements_in_force().values()))
        for page, more in {
            "people": PERSON | {"line": "2 Harbour Road"},
            "papers": given | {"file": paper()},
            "finances": WEALTH | {"cash": "8", "evidence_dated": "2026-11-01"},
            "knowledge": ENQUIRY,
            "tax": {"person": person, "country_1": "HK", "missing_1": "not-issued"},
        }.items():
            assert "from today" in text(send(applicant, f"{application}{page}/", more, 200)), page
        signed = {"agreement": version.id, "digest": version.digest}
        send(applicant, f"{application}agreements/", signed)
        assert VaultRecord.objects.count() == 3
        send(applicant, f"{application}remove/", {"person": person, "role": "holder"})
        assert "in this application already" in text(send(applicant, f"{application}people/", PERSON, 200))
        assert intake.sealed_for(applicant.user.person, since=seams.now()) == 0

    def test_removes_whom_the_firm_erased_since(self, applicant):
        begun = applicant.post("/portal/apply/", {"form": "joint", "signatures": "1"})["Location"]
        send(applicant, f"{begun}people/", PERSON)
        send(applicant, f"{begun}people/", PERSON | {"me": "", "given_names": "Other"})
        found = queries.applications_of(applicant.user.person)[0]
        (other,) = set(queries.people_of(found.id)) - {applicant.user.person}
        erase_person(by_two(), person=other, reason="REQUEST-12")
        for page in ("people", "papers", "finances", "knowledge", "tax", "others"):
            shown = text(applicant.get(f"{begun}{page}/"))
            assert "Chan" in shown or page in ("finances", "knowledge")
        assert "(data erased)" in text(applicant.get(f"{begun}people/"))
        send(applicant, f"{begun}remove/", {"person": str(other), "role": "holder"})
        assert queries.people_of(found.id) == [applicant.user.person]

    def test_reads_in_words_why_it_came_back_and_no_number_of_a_case(self, applicant, application):
        fill(applicant, application)
        found = queries.applications_of(applicant.user.person)[0]
        operations = staff("operations")
        page = f"/staff/onboarding/{found.id}/"
        assert "A paper cannot be read." in text(operations.get(page))
        send(operations, f"{page}return/", {"reason": "PAPER-UNREADABLE"})
        assert "A paper cannot be read. Send a better copy." in text(applicant.get(application))
        send(applicant, f"{application}decide/", {"act": "submit"})
        assert "came back" not in text(applicant.get(application))
        commands.return_application(context(), application=found.id, reason="CASE-7")
        shown = text(applicant.get(application))
        assert "Something has to be changed or added." in shown
        assert "CASE-7" not in shown

    def test_does_not_reach_anybody_elses_application(self, applicant, application):
        send(applicant, f"{application}people/", PERSON)
        other = Browser()
        other.force_login(desk.member(name="eve", staff=False))
        for page in ("", "people/", "papers/", "tax/", "agreements/"):
            assert other.get(f"{application}{page}").status_code == 404
        named = {"person": str(applicant.user.person), "role": "holder"}
        assert other.post(f"{application}remove/", named).status_code == 404
        assert other.post(f"{application}decide/", {"act": "withdraw"}).status_code == 404
        assert other.post(f"{application}people/", PERSON).status_code == 404

    @pytest.mark.rule("CLI-10")
    def test_does_not_change_the_own_record_once_the_firm_relies_on_it(self, applicant, application):
        send(applicant, f"{application}people/", PERSON)
        person = applicant.user.person
        before = queries.person(person).version
        entitled(ClientFactory(), person)
        refused = send(applicant, f"{application}people/", PERSON | {"family_name": "Innocent"}, 200)
        assert "Ask the firm to change them." in text(refused)
        assert VaultRecord.objects.filter(person=person, kind="individual").count() == 1
        changed = vault.put(person, vault.Kind.INDIVIDUAL, PersonFactory())
        with pytest.raises(RecordSettled):
            record_person(context(maker=person), version=changed.id)
        send(applicant, f"{application}people/", PERSON)
        assert queries.person(person).version == before
        record_person(context(), version=changed.id)
        assert queries.person(person).version == changed.id

    def test_does_not_change_the_own_record_after_a_refusal(self, applicant, application):
        fill(applicant, application)
        person = applicant.user.person
        commands.refuse_application(
            context(), application=queries.applications_of(person)[0].id, reason="R-1"
        )
        changed = vault.put(person, vault.Kind.INDIVIDUAL, PersonFactory())
        with pytest.raises(RecordSettled):
            record_person(context(maker=person), version=changed.id)

    def test_has_nothing_sealed_once_it_is_handed_in(self, applicant, application):
        fill(applicant, application)
        person, before = str(applicant.user.person), VaultRecord.objects.count()
        for page, given in {
            "people": PERSON | {"family_name": "Innocent"},
            "papers": {"person": person, "kind": "identity", "file": paper()},
            "finances": WEALTH | {"cash": "9", "evidence_dated": "2026-11-01"},
            "knowledge": ENQUIRY,
        }.items():
            assert "lies with the firm" in text(send(applicant, f"{application}{page}/", given, 200))
        assert VaultRecord.objects.count() == before

    def test_sees_no_reading_that_would_tip_off(self, applicant, application):
        send(applicant, f"{application}people/", PERSON)
        record = VaultRecord.objects.get(kind="individual")
        for why in ("case", "screening", "onboarding"):
            PersonReading.objects.create(
                id=uuid4(),
                person=applicant.user.person,
                record=record.id,
                reader=uuid4(),
                actor="staff:x",
                why=why,
                read_at=record.sealed_at,
            )
        shown = text(applicant.get("/portal/profile/"))
        assert "Onboarding" in shown
        assert "Case" not in shown
        assert "Screening" not in shown


class TestAnUpload:
    @pytest.fixture
    def papers(self, applicant, application):
        send(applicant, f"{application}people/", PERSON)
        return f"{application}papers/"

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"PK\x05\x06" + bytes(18), "is an archive"),
            (b"<svg onload=alert(1)>", "as a PDF, JPEG or PNG"),
            (newcomers.PAPER + b"/JavaScript %%EOF", "holds scripts"),
            (newcomers.PAPER + bytes(10 * 2**20), "at most 10 MB"),
        ],
        ids=["zip", "svg", "script", "large"],
    )
    def test_of_anything_unsound_is_refused_in_words_and_not_kept(self, applicant, papers, content, words):
        given = {"person": str(applicant.user.person), "kind": "identity", "file": paper(content)}
        assert words in text(send(applicant, papers, given, 200))
        assert not VaultRecord.objects.filter(kind="document").exists()

    def test_of_fifty_megabytes_is_refused_unread(self, applicant, papers):
        answer = applicant.post(
            papers, b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=50 * 2**20
        )
        assert answer.status_code == 413
        assert "at most 10 MB" in text(answer)

    def test_for_somebody_elses_papers_is_refused(self, applicant, papers):
        given = {"person": str(uuid4()), "kind": "identity", "file": paper()}
        send(applicant, papers, given, 200)
        assert not VaultRecord.objects.filter(kind="document").exists()


def staff(role):
    browser = Browser()
    browser.user = desk.member(role, name=role)
    browser.force_login(browser.user)
    return browser


class TestTheDesk:
    def paper_on_the_persons_page(self, browser, page, person):
        """Adds a paper of a kind by the page that the application leads to; its id."""
        (way,) = set(re.findall(rf'href="(/staff/people/{person}/)"', text(browser.get(page))))
        action = re.search(r'action="(/staff/people/[^"]+/paper/)"', text(browser.get(way)))[1]

        def add(kind):
            send(browser, action, {"person": str(person), "kind": kind, "file": paper()})
            newest = queries.documents(person)[-1]
            assert newest.kind == kind
            assert str(newest.id) in text(browser.get(page))
            return str(newest.id)

        return add

    def test_takes_an_application_to_a_client_with_a_second_person(self, applicant, application):
        fill(applicant, application)
        person = applicant.user.person
        found = queries.applications_of(person)[0]
        page = f"/staff/onboarding/{found.id}/"
        operations, credit, checker = staff("operations"), staff("credit"), staff("operations-checker")
        assert str(found.id)[-8:] in text(operations.get("/staff/onboarding/"))
        proof = queries.documents(person)[0].id
        send(operations, f"{page}identify/", {"person": str(person), "document": str(proof)})
        newcomers.look_up(DESK, found.id, NewcomerFactory())
        send(operations, f"{page}classify/", {"investor": "retail"})
        send(operations, f"{page}knowledge/", {})
        add, asked = self.paper_on_the_persons_page(operations, page, person), "500000"
        seen = {"evidence": add("assets"), "evidence_dated": "2026-11-20"}
        send(credit, f"{page}credit/", {"requested": asked, "grounds": "net-worth"})
        assert queries.standing(found.id).credit_limit is None
        send(credit, f"{page}credit/", {"requested": asked, "grounds": "net-worth"} | seen)
        advice = add("transfer")
        transfer = {
            "bank": "Harbour Bank",
            "holder": "Chan",
            "number": "1",
            "country": "HK",
            "own": "on",
            "amount": "10000",
            "received_on": "2026-11-20",
            "document": str(advice),
        }
        send(operations, f"{page}transfer/", transfer | {"amount": "1"})
        assert not VaultRecord.objects.filter(kind="bank-account").exists()
        send(operations, f"{page}transfer/", transfer)
        send(operations, f"{page}approve/", {"reference": "C-WEB1"})
        proposal = Proposal.objects.get()
        assert queries.application(found.id).client is None
        request = checker.get("/staff/").wsgi_request
        asker = principal(request)
        approve(
            context_of(asker), proposal=proposal.id, digest=proposal.digest, permissions=asker.permissions
        )
        client = queries.application(found.id).client
        assert queries.client(client).reference == "C-WEB1"
        assert queries.labels([client])[client] == "<b>Chan</b> 大文 𠀀 محمد"
        assert ClientLabel.objects.get().search == "<b>chan</b> 大文 𠀀 محمد"
        assert queries.found_by_name("CHAN</B> 大文") == [client]
        assert queries.in_the_hands_of(person) == {client}

    def test_shows_personal_data_to_those_who_may_see_it_only(self, applicant, application):
        fill(applicant, application)
        found = queries.applications_of(applicant.user.person)[0]
        page = f"/staff/onboarding/{found.id}/"
        seen, unseen = text(staff("operations").get(page)), text(staff("auditor").get(page))
        assert "&lt;b&gt;Chan&lt;/b&gt;" in seen
        for secret in ("Chan", "A123456", "Harbour Road", "2,000,000"):
            assert secret not in unseen
        assert PersonReading.objects.filter(actor="staff:operations", why="onboarding").exists()
        assert not PersonReading.objects.filter(actor="staff:auditor").exists()

    def test_gives_a_paper_out_as_an_attachment_under_a_name_of_its_own(self, applicant, application):
        fill(applicant, application)
        document = queries.documents(applicant.user.person)[0].id
        answer = staff("operations").get(f"/staff/documents/{document}/")
        assert answer.content == newcomers.PAPER
        assert answer["Content-Disposition"] == f'attachment; filename="identity-{document.hex[-8:]}.pdf"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert staff("auditor").get(f"/staff/documents/{document}/").status_code == 403
        assert applicant.get(f"/staff/documents/{document}/").status_code == 403
        other = VaultRecord.objects.filter(kind="finances").get().id
        assert staff("compliance").get(f"/staff/documents/{other}/").status_code == 404

    def test_says_what_it_is_for_when_it_is_empty(self, db):
        assert "No application waits" in text(staff("auditor").get("/staff/onboarding/"))
