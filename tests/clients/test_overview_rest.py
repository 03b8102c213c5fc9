"""One client over REST with what belongs to it, now and as of a time."""

from datetime import timedelta

import pytest

from brokerage.clients.commands.groups import form_group, join_group
from brokerage.clients.commands.holds import place_hold
from brokerage.clients.commands.reviews import set_review
from brokerage.clients.commands.standing_authorities import give_standing_authority
from brokerage.clients.rules.groups import Tie
from brokerage.clients.rules.holds import Ground
from brokerage.clients.rules.reviews import ReviewKind
from brokerage.clients.rules.standing_authorities import Purpose
from brokerage.clients.rules.status import ClientType
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
from tests.factories import ClientFactory, context
from tests.http import callers
from tests.onboarding import signing

pytestmark = pytest.mark.django_db(transaction=True)
PARTS = "people,standing_authorities,reviews,holds,group"


@pytest.fixture
def client():
    """A client that is held by a court, in a group, to be reviewed, and has given an authority."""
    client, today = ClientFactory(type=ClientType.JOINT), hong_kong_date(seams.now())
    month = today + timedelta(days=30)
    give_standing_authority(
        signing(client),
        client=client,
        purpose=Purpose.LEND_SECURITIES,
        ends=month,
        revocation_stated=True,
    )
    join_group(context(), client=client, group=form_group(context(), reference="G-1").value, tie=Tie.FAMILY)
    set_review(context(), client=client, kind=ReviewKind.PERIODIC, due=month)
    return client


def test_parts_come_with_a_client_when_they_are_asked_for(client):
    place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-1")
    staff = callers.staff("operations")
    plain = staff.get(f"clients/{client}")
    assert plain["ETag"]
    assert not set(PARTS.split(",")) & set(plain.json()["data"])
    found = staff.get(f"clients/{client}?expand={PARTS}").json()["data"]
    assert [each["purpose"] for each in found["standing_authorities"]] == ["lend-securities"]
    assert [each["kind"] for each in found["reviews"]] == ["periodic"]
    assert [(each["ground"], each["reference"]) for each in found["holds"]] == [("court", "HCMP-1")]
    assert found["group"]
    assert [each["capacity"] for each in found["people"]] == ["holder"]
    assert set(staff.get(f"clients/{client}?expand=group").json()["data"]) == {*plain.json()["data"], "group"}
    for wrong in ("nothing", "group,group", ""):
        assert staff.get(f"clients/{client}?expand={wrong}").status_code == 400


def test_a_client_is_shown_as_it_was(client):
    staff, before = callers.staff("operations"), seams.now()
    place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-1")
    as_of = before.isoformat().replace("+00:00", "Z")
    was = staff.get(f"clients/{client}?as_of={as_of}&expand=holds").json()["data"]
    assert (was["status"], was["holds"]) == ("active", [])
    assert staff.get(f"clients/{client}").json()["data"]["status"] == "frozen"
    assert staff.get(f"clients/{client}?as_of=2020-01-01T00:00:00Z").status_code == 404
    assert staff.get(f"clients/{client}?as_of=2999-01-01T00:00:00Z").status_code == 400


def test_a_client_sees_its_own_parts_and_none_of_the_houses(client):
    own = callers.holder_of(client)
    found = own.get(f"clients/{client}?expand=people,standing_authorities").json()["data"]
    assert [each["capacity"] for each in found["people"]] == ["holder", "holder"]
    assert found["status"] is None
    for part in ("reviews", "holds", "group"):
        assert own.get(f"clients/{client}?expand={part}").status_code == 400
    assert own.get("clients?status=frozen").status_code == 400
    other = callers.holder_of(ClientFactory(), name="other")
    assert other.get(f"clients/{client}?expand=people").status_code == 404


def test_lists_are_narrowed(client):
    other = ClientFactory()
    place_hold(context(), client=other, ground=Ground.COURT, reference="HCMP-1")
    staff = callers.staff("operations")
    assert [row["id"] for row in staff.get("clients?status=frozen").json()["data"]] == [str(other)]
    assert staff.get("clients?type=trust").json()["data"] == []
    compliance = callers.staff("compliance", name="wai")
    for each in (client, other):
        body = {"ground": "staff-concern", "text": "Odd"}
        assert staff.post(f"clients/{each}/raise-alert", body).status_code == 200
    (alert,) = compliance.get(f"alerts?client={client}&ground=staff-concern").json()["data"]
    compliance.post(f"alerts/{alert['id']}/open-case", {})
    (case,) = compliance.get(f"cases?client={client}&state=open").json()["data"]
    assert case["client"] == str(client)
    assert compliance.get("cases?state=closed").json()["data"] == []
