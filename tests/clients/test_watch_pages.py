import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client as Browser
from django.urls import reverse

from brokerage.access.models import Proposal
from brokerage.clients.commands.complaints import receive_complaint
from brokerage.clients.commands.groups import form_group
from brokerage.clients.commands.holds import place_hold
from brokerage.clients.commands.screening import screen
from brokerage.clients.models import Case, ClientLabel, Complaint, Group
from brokerage.clients.models.standing_authorities import StandingAuthority
from brokerage.clients.queries import cases as cased
from brokerage.clients.queries import client as client_of
from brokerage.clients.queries import screening as screenings
from brokerage.clients.queries.groups import related
from brokerage.clients.rules.complaints import Channel, Subject
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.holds import Ground
from brokerage.clients.rules.status import ClientType
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
from tests import desk
from tests.clients.test_screening import WANTED, holder, listed, person
from tests.clients.test_standing_authorities import paper
from tests.factories import AccountFactory, BankFactory, ClientFactory, DepositFactory, context
from tests.onboarding import OnboardedClientFactory, company, identity, matched, screened

pytestmark = pytest.mark.django_db(transaction=True)


def desk_of(*roles: str, name: str = "mei") -> Browser:
    browser = Browser()
    desk.proved(Browser.force_login)(browser, desk.member(*roles, name=name))
    return browser


def body(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


class TestTheClientPage:
    def test_shows_people_screening_holds_and_accounts(self):
        BankFactory()
        somebody = person()
        client = holder(somebody)
        ClientLabel.objects.filter(client=client).update(name="王大文 <b>Chan</b>")
        DepositFactory(account=AccountFactory(client=client), amount=Decimal("12345.67"))
        listed(WANTED)
        screen(context(), person=somebody)
        page = body(desk_of("operations"), reverse("client", args=[client]))
        for words in (
            "王大文 &lt;b&gt;Chan&lt;/b&gt;",
            "Person Wanted",
            "hit",
            "screening",
            "12,345.67",
            "frozen",
        ):
            assert words.lower() in page.lower(), words

    @pytest.mark.rule("CLI-10")
    def test_shows_what_screening_said_of_who_is_behind_it(self):
        newcomer = company()
        client = OnboardedClientFactory(newcomer=newcomer)
        owner = newcomer.people[-1]
        listed(f"UN-1,sanction,{owner.details.names[0]},,,HK,UN", dated=date(2026, 11, 2))
        screen(context(), person=owner.id)
        page = body(desk_of("operations"), reverse("client", args=[client]))
        (row,) = re.findall(rf"{owner.details.names[0]}.*?</tr>", page, re.DOTALL)
        assert "<td>controller</td>" in row.lower()
        assert "hit</span>" in row
        assert client_of(client).reference in body(
            desk_of("operations", name="ho"), reverse("person", args=[owner.id])
        )

    @pytest.mark.rule("CLI-13")
    def test_lets_a_person_act_and_changes_the_mandate_by_two(self):
        client, somebody = ClientFactory(type=ClientType.CORPORATE), screened(person("Harmless"))
        browser, page = desk_of("operations"), reverse("client", args=[client])
        wanted = {"person": somebody, "capacity": "signatory", "document": identity(somebody)}
        for act, form in (("grant", wanted), ("mandate", {"signatures": 1})):
            assert f"{page}{act}/" in body(browser, page)
            browser.post(reverse(f"client-{act}", args=[client]), form)
        assert Proposal.objects.get().command == "clients.grant-authority"

    def test_shows_the_client_as_it_was(self):
        client = ClientFactory()
        before = seams.now()
        place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-77")
        browser = desk_of("auditor")
        address = reverse("client", args=[client])
        assert "HCMP-77" in body(browser, address)
        then = (before + timedelta(seconds=0)).isoformat()
        assert "HCMP-77" not in browser.get(address, {"as_of": then}).content.decode()
        early = (before - timedelta(days=1)).isoformat()
        assert browser.get(address, {"as_of": early}).status_code == 404

    def test_names_nobody_behind_the_client_to_an_auditor(self):
        client = holder(person("Harmless"))
        ClientLabel.objects.filter(client=client).update(name="what every list calls it")
        address = reverse("client", args=[client])
        assert "Harmless" in body(desk_of("operations"), address)
        assert "Harmless" not in body(desk_of("auditor", name="lam"), address)

    def test_asks_for_what_the_role_may_ask_for(self):
        client = ClientFactory()
        browser = desk_of("operations")
        page = body(browser, reverse("client", args=[client]))
        assert f"/staff/clients/{client}/hold/" in page
        assert "/hold/" not in body(desk_of("auditor", name="lam"), reverse("client", args=[client]))
        browser.post(reverse("client-hold", args=[client]), {"ground": "court", "reference": "HCMP-1"})
        assert client_of(client).status == "frozen"

    def test_groups_clients(self):
        one, other = ClientFactory(), ClientFactory()
        group = form_group(context(), reference="G-1").value
        browser = desk_of("operations")
        for client in (one, other):
            browser.post(reverse("client-group-join", args=[client]), {"group": group, "tie": "family"})
        assert related(one) == {one, other}
        assert client_of(other).reference in body(browser, reverse("client", args=[one]))
        browser.post(reverse("client-group-new"), {"reference": "G-2"})
        assert Group.objects.count() == 2
        assert "G-2" in body(browser, reverse("client-groups"))


class TestTheLists:
    def test_find_clients_by_name_and_reference(self):
        one, other = ClientFactory(), ClientFactory()
        ClientLabel.objects.create(client=one, name="Ünïcorn 陳大文")
        browser = desk_of("credit")
        page = body(browser, reverse("clients") + "?q=陳大")
        assert client_of(one).reference in page
        assert client_of(other).reference not in page
        assert client_of(other).reference in body(
            browser, reverse("clients") + f"?q={client_of(other).reference}"
        )

    def test_show_what_is_due(self):
        client = ClientFactory()
        browser = desk_of("operations")
        today = hong_kong_date(seams.now())
        browser.post(reverse("client-review-set", args=[client]), {"kind": "periodic", "due": today})
        assert client_of(client).reference in body(browser, reverse("client-reviews"))
        assert "review due" in body(browser, "/staff/")

    def test_judge_a_hit_by_two(self):
        listed(WANTED)
        somebody = person()
        holder(somebody)
        browser = desk_of("operations")
        assert "screening hit waits" in body(browser, "/staff/")
        page = body(browser, reverse("client-hit", args=[somebody]))
        assert "UN-1" in page
        (match,) = matched(somebody)["matches"]
        assert f'value="{match}"' in page
        browser.post(reverse("person-clear", args=[somebody]), {"reason": "common-name"})
        browser.post(reverse("person-confirm", args=[somebody]), {"matches": "UN-1"})
        assert not Proposal.objects.exists()
        answer = browser.post(
            reverse("person-clear", args=[somebody]), {"matches": match, "reason": "common-name"}, follow=True
        )
        assert "another person must approve" in answer.content.decode()
        assert not screenings.screening_clear(somebody)
        assert browser.get(reverse("client-hit", args=[ClientFactory()])).status_code == 404

    @pytest.mark.rule("AST-2")
    def test_record_a_standing_authority_and_its_renewal_on_fresh_papers(self):
        somebody = person()
        client, browser = holder(somebody), desk_of("operations")
        today = hong_kong_date(seams.now())
        term = {"purpose": "client-money", "ends": today + timedelta(days=30), "revocation_stated": "on"}
        term["documents"] = given = paper(somebody, DocumentKind.SIGNATURE)
        browser.post(reverse("client-authority-give", args=[client]), term)
        row = StandingAuthority.objects.get(client=client)
        assert reverse("standing-authority", args=[row.id]) in body(browser, reverse("standing-authorities"))
        page = body(browser, reverse("standing-authority", args=[row.id]))
        assert str(given) in page
        assert "Client renews in writing" in page
        renewed = {"ends": today + timedelta(days=300), "documents": given}
        browser.post(reverse("authority-renew", args=[row.id]), renewed)
        row.refresh_from_db()
        assert (row.renewals, row.ends) == (0, term["ends"])
        renewed["documents"] = paper(somebody, DocumentKind.SIGNATURE)
        browser.post(reverse("authority-renew", args=[row.id]), renewed)
        row.refresh_from_db()
        assert (row.renewals, row.ends) == (1, renewed["ends"])
        assert (
            desk_of("auditor", name="lam").post(reverse("authority-renew", args=[row.id])).status_code == 403
        )

    def test_show_standing_authorities_and_complaints(self):
        client = ClientFactory()
        browser = desk_of("operations")
        assert "No standing authority" in body(browser, reverse("standing-authorities"))
        browser.post(
            reverse("complaint-new"),
            {"subject": "service", "channel": "letter", "client": client, "text": "Too slow <script>"},
        )
        complaint = Complaint.objects.get()
        assert "Too slow &lt;script&gt;" in body(browser, reverse("complaint", args=[complaint.id]))
        browser.post(reverse("complaint-answer", args=[complaint.id]), {"outcome": "upheld", "text": "Sorry"})
        assert Complaint.objects.get().stage == "answered"
        assert "Too slow" not in body(
            desk_of("auditor", name="lam"), reverse("complaint", args=[complaint.id])
        )
        late = hong_kong_date(seams.now()) - timedelta(days=90)
        receive_complaint(
            context(), client=None, subject=Subject.FEES, channel=Channel.MAIL, text="Old", received=late
        )
        assert "late" in body(browser, reverse("complaints"))


class TestTheCasesDesk:
    def test_leads_from_a_concern_to_a_closed_case(self):
        client = ClientFactory()
        desk_of("operations").post(
            reverse("client-alert", args=[client]), {"ground": "unusual-pattern", "text": "Cash in bags"}
        )
        one, other = desk_of("compliance", name="wing"), desk_of("compliance", name="kit")
        assert "Cash in bags" in body(one, reverse("cases"))
        alert = cased.open_alerts().get()
        one.post(reverse("alert-open", args=[alert.id]))
        case = Case.objects.get()
        one.post(reverse("case-note", args=[case.id]), {"text": "Asked the branch\nno answer"})
        assert "no answer" in body(one, reverse("case", args=[case.id]))
        one.post(reverse("case-propose", args=[case.id]), {"reason": "explained"})
        one.post(reverse("case-close", args=[case.id]))
        assert Case.objects.get().closed_at is None
        other.post(reverse("case-close", args=[case.id]))
        assert Case.objects.get().closed_at is not None
        assert str(case.id)[-8:] in body(one, reverse("cases") + "?closed=1")

    def test_records_a_report(self):
        client = ClientFactory()
        browser = desk_of("compliance")
        browser.post(reverse("client-alert", args=[client]), {"ground": "source-of-funds", "text": "Odd"})
        browser.post(reverse("alert-open", args=[cased.open_alerts().get().id]))
        case = Case.objects.get()
        browser.post(reverse("case-report", args=[case.id]), {"number": "STR-9", "filed": date(2026, 1, 2)})
        assert "STR-9" in body(browser, reverse("case", args=[case.id]))
