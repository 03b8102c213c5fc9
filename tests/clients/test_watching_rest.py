"""Every command of watching over a client, given over REST and done."""

import base64
import io
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from PIL import Image

from brokerage.clients import vault
from brokerage.clients.commands.person import store_document
from brokerage.clients.queries import client as client_of
from brokerage.clients.queries import in_the_hands_of
from brokerage.clients.rules.authority import Capacity
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.status import ClientType
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
from tests.clients.test_screening import WANTED, holder, listed, person
from tests.factories import AccountFactory, BankFactory, ClientFactory, context
from tests.http import callers
from tests.http.callers import Caller
from tests.onboarding import entitled, screened

pytestmark = pytest.mark.django_db(transaction=True)


def image() -> bytes:
    drawn = io.BytesIO()
    Image.new("1", (1, 1)).save(drawn, "PNG")
    return drawn.getvalue()


def paper(of: UUID, kind: DocumentKind) -> str:
    sealed = vault.put(of, vault.Kind.DOCUMENT, image())
    return str(store_document(context(), document=sealed.id, kind=kind).value)


def in_days(days: int) -> str:
    return (hong_kong_date(seams.now()) + timedelta(days=days)).isoformat()


def done(caller: Caller, path: str, body: dict, status: int = 200) -> dict:
    answer = caller.post(path, body)
    assert answer.status_code == status, (path, answer.content)
    return answer.json()["data"]


def by_two(maker: Caller, checker: Caller, path: str, body: dict) -> None:
    proposal = done(maker, path, body, 202)
    done(checker, f"approvals/{proposal['id']}/approve", {"digest": proposal["digest"]})


@pytest.fixture
def desk() -> Caller:
    return callers.staff("operations")


@pytest.fixture
def compliance() -> Caller:
    return callers.staff("compliance", name="wai")


@pytest.fixture
def checker() -> Caller:
    return callers.staff("operations-checker", name="lam")


def test_a_group_is_formed_joined_and_left(desk, checker):
    client = ClientFactory()
    group = done(desk, "groups/form", {"reference": "G-1"}, 201)["id"]
    done(desk, f"clients/{client}/join-group", {"group": group, "tie": "control"})
    found = desk.get(f"groups/{group}").json()["data"]
    assert found["members"] == [{"client": str(client), "tie": "control"}]
    by_two(desk, checker, f"clients/{client}/leave-group", {"reason": "independent"})
    assert desk.get(f"groups/{group}").json()["data"]["members"] == []


def test_a_client_gives_renews_and_staff_announce_a_standing_authority(desk):
    client = ClientFactory()
    own = callers.holder_of(client)
    wanted = {"purpose": "client-money", "ends": in_days(20), "revocation_stated": True}
    path = f"clients/{client}/give-standing-authority"
    assert desk.post(path, wanted).json()["code"] == "clients.authority-not-written"
    given = done(own, path, wanted, 201)["id"]
    assert own.post(f"standing-authorities/{given}/announce", {}).status_code == 403
    assert done(desk, f"standing-authorities/{given}/announce", {})["noticed"] == in_days(0)
    assert done(own, f"standing-authorities/{given}/renew", {"ends": in_days(90)})["ends"] == in_days(90)
    found = own.get(f"standing-authorities/{given}")
    assert (found.json()["data"]["noticed"], found.json()["data"]["end"]) == (None, "")
    stale = own.post(f"standing-authorities/{given}/revoke", {}, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    again = own.post(f"standing-authorities/{given}/revoke", {}, **{"If-Match": found["ETag"]})
    assert again.json()["data"]["end"] == "revoked"


def test_an_attorney_is_appointed_and_ended(desk, checker):
    principal, attorney = person("Principal"), screened(person("Attorney"))
    client = holder(principal)
    body = {"person": str(attorney), "until": in_days(90)}
    body["document"] = paper(principal, DocumentKind.AUTHORITY)
    body["identity"] = paper(attorney, DocumentKind.IDENTITY)
    by_two(desk, checker, f"clients/{client}/appoint-attorney", body)
    assert in_the_hands_of(attorney) == {client}
    ended = {"person": str(attorney), "capacity": "attorney", "reason": "REVOKED"}
    done(desk, f"clients/{client}/end-authority", ended)
    assert in_the_hands_of(attorney) == frozenset()


@pytest.mark.rule("CLI-13")
def test_a_person_is_let_act_on_a_proof_and_the_mandate_changed(desk, checker):
    client, somebody = ClientFactory(type=ClientType.CORPORATE), screened(person("Signatory"))
    entitled(client, capacity=Capacity.SIGNATORY)
    path, granted = f"clients/{client}", {"person": str(somebody), "capacity": "signatory"}
    assert desk.post(f"{path}/grant-authority", granted).status_code == 400
    granted["document"] = paper(somebody, DocumentKind.IDENTITY)
    by_two(desk, checker, f"{path}/grant-authority", granted)
    assert in_the_hands_of(somebody) == {client}
    by_two(desk, checker, f"{path}/set-mandate", {"signatures": 2})
    ended = {"person": str(somebody), "capacity": "signatory", "reason": "LEFT"}
    assert desk.post(f"{path}/end-authority", ended).json()["code"] == "clients.bad-mandate"


def test_a_review_is_set_and_a_client_called_professional_needs_evidence(desk):
    client = ClientFactory()
    done(desk, f"clients/{client}/set-review", {"kind": "periodic", "due": in_days(10)})
    (row,) = desk.get(f"reviews?client={client}&kind=periodic").json()["data"]
    assert row["due"] == in_days(10)
    judged = desk.post(f"clients/{client}/reclassify", {"investor": "individual-pi"})
    assert judged.status_code == 422
    done(desk, f"clients/{client}/reclassify", {"investor": "retail"}, 202)


def test_a_client_is_suspended_called_dormant_and_brought_back_by_two(desk, checker):
    client = ClientFactory()
    path = f"clients/{client}/change-status"
    assert done(desk, path, {"status": "dormant", "reason": "R-1"})["status"] == "dormant"
    assert done(desk, path, {"status": "suspended", "reason": "R-2"})["status"] == "suspended"
    by_two(desk, checker, path, {"status": "active", "reason": "R-3"})
    assert client_of(client).status == "active"
    refused = desk.post(path, {"status": "closed", "reason": "R-4"})
    assert refused.json()["code"] == "clients.close-elsewhere"


def test_a_client_is_closed_after_its_accounts(desk, checker):
    BankFactory()
    client = ClientFactory()
    account = AccountFactory(client=client)
    left = desk.post(f"clients/{client}/close", {"reason": "ASKED"})
    assert left.json()["code"] == "custody.not-empty"
    assert done(desk, f"accounts/{account}/close", {})["status"] == "closed"
    by_two(desk, checker, f"clients/{client}/close", {"reason": "ASKED"})
    assert client_of(client).status == "closed"


def test_a_death_and_an_insolvency_freeze_the_client(desk, checker):
    for act in ("report-death", "report-insolvency"):
        somebody = person()
        client = holder(somebody)
        done(desk, f"people/{somebody}/{act}", {"reference": "DC-1"})
        assert client_of(client).status == "frozen"
    assert desk.get(f"people/{somebody}").json()["data"]["insolvent_at"]
    withdrawn = {"what": "insolvency", "reason": "discharged"}
    by_two(desk, checker, f"people/{somebody}/withdraw-report", withdrawn)
    assert desk.get(f"people/{somebody}").json()["data"]["insolvent_at"] is None
    assert desk.post(f"people/{uuid4()}/report-death", {"reference": "DC-1"}).status_code == 404


def test_records_are_held_released_and_erased_by_two(compliance):
    somebody = person()
    path = f"people/{somebody}"
    assert done(compliance, f"{path}/hold-records", {"reason": "HCMP-1"})["held"]
    assert compliance.post(f"{path}/erase-records", {"reason": "R-1"}).json()["code"] == "clients.legal-hold"
    assert not done(compliance, f"{path}/release-records", {"hold": "HCMP-1", "reason": "HCMP-1"})["held"]
    second = callers.staff("compliance", name="kim")
    by_two(compliance, second, f"{path}/erase-records", {"reason": "R-1"})
    assert compliance.get(path).json()["data"]["erased_at"]


def test_a_hit_is_confirmed_by_two(desk, compliance):
    listed(WANTED)
    somebody = person()
    done(desk, f"people/{somebody}/screen", {})
    (hit,) = desk.get("screening-hits").json()["data"]
    assert hit["waiting"] == 1
    looked_at = {"matches": [each["id"] for each in hit["matches"]]}
    by_two(desk, compliance, f"screening-hits/{somebody}/confirm", looked_at)
    assert desk.get("screening-hits").json()["data"] == []


@pytest.mark.rule("CMP-1")
def test_a_complaint_comes_in_and_is_answered(desk):
    client, other = ClientFactory(), ClientFactory()
    own = callers.holder_of(client)
    words = {"subject": "service", "channel": "portal", "text": "Slow 服務"}
    assert own.post("complaints/receive", words | {"client": str(other)}).status_code == 404
    assert own.post("complaints/receive", words).status_code == 400
    assert (
        own.post("complaints/receive", words | {"client": str(client), "channel": "phone"}).status_code == 400
    )
    made = done(own, "complaints/receive", words | {"client": str(client)}, 201)
    assert (made["text"], made["stage"]) == ("Slow 服務", "received")
    path = f"complaints/{made['id']}"
    done(desk, f"{path}/acknowledge", {})
    answered = done(desk, f"{path}/answer", {"outcome": "upheld", "text": "Sorry"})
    assert (answered["answer"], answered["outcome"]) == ("Sorry", "upheld")
    done(desk, f"{path}/close", {})
    assert own.get(path).json()["data"]["stage"] == "closed"
    auditor = callers.staff("auditor", name="eve")
    assert auditor.get(path).json()["data"]["text"] is None
    assert callers.holder_of(other, name="other").get(path).status_code == 404
    stranger = done(desk, "complaints/receive", words | {"channel": "letter", "received": in_days(-1)}, 201)
    assert stranger["client"] is None


@pytest.mark.rule("CLI-12")
def test_an_alert_leads_to_a_case_and_a_report_for_compliance_alone(desk, compliance):
    client = ClientFactory()
    told = desk.post(f"clients/{client}/raise-alert", {"ground": "staff-concern", "text": "Cash in bags"})
    assert (told.status_code, told.json()["events"], told.json()["version"]) == (200, [], None)
    (alert,) = (each["id"] for each in compliance.get("alerts").json()["data"])
    assert compliance.get(f"alerts/{alert}").json()["data"]["words"] == "Cash in bags"
    case = done(compliance, f"alerts/{alert}/open-case", {}, 201)["id"]
    path = f"cases/{case}"
    done(compliance, f"{path}/note", {"text": "Asked the branch"})
    assert compliance.post(f"{path}/add-evidence", {"content": "?"}).status_code == 400
    found = done(compliance, f"{path}/add-evidence", {"content": base64.b64encode(image()).decode()})
    assert [(each["media"], each["words"]) for each in found["notes"]] == [
        ("text/plain", "Asked the branch"),
        ("image/png", None),
    ]
    for act in ("note", "add-evidence", "report", "propose-closure", "close"):
        assert desk.post(f"{path}/{act}", {}).status_code == 403
    assert desk.get(path).status_code == 403
    report = {"number": "JFIU-1", "filed": in_days(0)}
    assert done(compliance, f"{path}/report", report)["state"] == "reported"
    assert done(compliance, f"{path}/close", {})["closure_reason"] == "report-done"


@pytest.mark.rule("CLI-12")
def test_alerts_are_joined_or_dismissed_and_a_case_closes_by_two(desk, compliance):
    client = ClientFactory()
    for number in range(3):
        body = {"ground": "unusual-pattern", "text": f"Odd {number}"}
        done(desk, f"clients/{client}/raise-alert", body)
    first, second, third = (each["id"] for each in compliance.get("alerts").json()["data"])
    case = done(compliance, f"alerts/{first}/open-case", {}, 201)["id"]
    assert done(compliance, f"alerts/{second}/join", {"case": case})["case"] == case
    assert done(compliance, f"alerts/{third}/dismiss", {"reason": "duplicate"})["state"] == "dismissed"
    done(compliance, f"cases/{case}/propose-closure", {"reason": "explained"})
    own = compliance.post(f"cases/{case}/close", {})
    assert own.json()["code"] == "clients.own-closure"
    other = callers.staff("compliance", name="kim")
    assert done(other, f"cases/{case}/close", {})["state"] == "closed"
