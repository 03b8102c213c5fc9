from datetime import timedelta
from uuid import uuid4

import pytest

from brokerage.clients.commands.cases import raise_alert
from brokerage.clients.commands.reviews import change_circumstances
from brokerage.clients.commands.standing_authorities import give_standing_authority
from brokerage.clients.queries import client as client_of
from brokerage.clients.rules.cases import AlertGround
from brokerage.clients.rules.reviews import Circumstance
from brokerage.clients.rules.standing_authorities import Purpose
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
from tests.clients.test_screening import WANTED, holder, listed, person
from tests.factories import ClientFactory, context
from tests.http import callers
from tests.onboarding import signing

pytestmark = pytest.mark.django_db(transaction=True)


def test_reviews_and_holds_over_rest():
    client = ClientFactory()
    staff = callers.staff("operations")
    change_circumstances(context(), client=client, what=Circumstance.CONTROL)
    (row,) = staff.get("reviews").json()["data"]
    assert (row["client"], row["kind"]) == (str(client), "circumstances")
    done = {"kind": "circumstances", "outcome": "satisfied"}
    assert staff.post(f"clients/{client}/do-review", done).status_code == 200
    assert staff.get("reviews").json()["data"] == []
    held = staff.post(f"clients/{client}/place-hold", {"ground": "court", "reference": "HCMP-1"})
    assert held.json()["data"]["status"] == "frozen"
    (hold,) = client_of(client).holds
    lifted = staff.post(f"clients/{client}/lift-hold", {"hold": hold, "reason": "order-discharged"})
    assert lifted.status_code == 202


def test_a_hit_is_cleared_by_two_over_rest():
    listed(WANTED)
    somebody = person()
    holder(somebody)
    staff = callers.staff("operations")
    (row,) = staff.get("screening-hits").json()["data"]
    assert row["waiting"] == 1
    ((match,),) = (row["matches"] for row in staff.get("screening-hits").json()["data"])
    assert (match["entry"], match["kind"], match["verdict"]) == ("UN-1", "sanction", "waiting")
    unseen = {"matches": [str(uuid4())], "reason": "common-name"}
    for wrong, status in ({"reason": "common-name"}, 400), (unseen | {"matches": []}, 400), (unseen, 422):
        assert staff.post(f"screening-hits/{somebody}/clear", wrong).status_code == status
    body = {"matches": [match["id"]], "reason": "common-name"}
    assert staff.post(f"screening-hits/{somebody}/clear", body).status_code == 202


def test_a_client_sees_and_revokes_the_own_authority_only():
    mine, theirs = ClientFactory(), ClientFactory()
    caller, given = callers.holder_of(mine), {}
    for client in (mine, theirs):
        given[client] = give_standing_authority(
            signing(client),
            client=client,
            purpose=Purpose.LEND_SECURITIES,
            ends=hong_kong_date(seams.now()) + timedelta(days=90),
            revocation_stated=True,
        ).value
    assert [row["id"] for row in caller.get("standing-authorities").json()["data"]] == [str(given[mine])]
    assert caller.post(f"standing-authorities/{given[theirs]}/revoke", {}).status_code == 404
    assert caller.post(f"standing-authorities/{given[mine]}/revoke", {}).status_code == 200
    assert caller.get("reviews").status_code == 403


@pytest.mark.rule("CLI-12")
def test_cases_are_compliances_alone():
    raise_alert(context(), client=ClientFactory(), ground=AlertGround.STAFF, text="Odd")
    desk, auditor = callers.staff("compliance"), callers.staff("auditor", name="lam")
    (alert,) = desk.get("alerts").json()["data"]
    assert auditor.get("alerts").status_code == 403
    assert auditor.post(f"alerts/{alert['id']}/open-case", {}).status_code == 403
    assert desk.post(f"alerts/{alert['id']}/open-case", {}).status_code == 201
    assert len(desk.get("cases").json()["data"]) == 1
    assert auditor.get("cases").status_code == 403
