"""Everything the rooms below custody keep, filled by commands, is found again by a replay of the book."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from brokerage.access import keys
from brokerage.access.commands import Proposed, make_key, submit
from brokerage.access.commands.stays import sealed_origin, sign_in
from brokerage.access.events.logins import Proof
from brokerage.access.models import ApiKey, Proposal, SignIn
from brokerage.access.rules import Perm, Role
from brokerage.clients import commands as clients
from brokerage.clients.commands import cases
from brokerage.clients.commands.complaints import receive_complaint
from brokerage.clients.commands.groups import form_group, join_group
from brokerage.clients.commands.holds import place_hold
from brokerage.clients.commands.reviews import change_circumstances
from brokerage.clients.commands.standing_authorities import give_standing_authority
from brokerage.clients.queries.cases import open_alerts
from brokerage.clients.rules.cases import AlertGround
from brokerage.clients.rules.complaints import Channel, Subject
from brokerage.clients.rules.groups import Tie
from brokerage.clients.rules.holds import Ground
from brokerage.clients.rules.reviews import Circumstance
from brokerage.clients.rules.standing_authorities import Purpose
from brokerage.clients.rules.status import ClientStatus
from brokerage.http import commands as webhooks
from brokerage.ledger import rebuild, seams
from brokerage.market.rules.calendars import hong_kong_date
from tests import desk
from tests.factories import ClientFactory, context
from tests.onboarding import OnboardedClientFactory, signing

pytestmark = pytest.mark.django_db(transaction=True)


def machines_and_logins():
    """A webhook of each state, a key that was fetched, a stay, a command that waits for another person."""
    ann, bo = desk.member(Role.OPERATIONS, name="ann"), desk.member(Role.COMPLIANCE, name="bo")
    two = context(maker=ann.person, checker=bo.person)
    gone, kept = (
        webhooks.add_webhook(
            replace(two, key=f"hook:{number}"), url="https://example.com/", kinds=["custody.deposited"]
        ).value
        for number in range(2)
    )
    webhooks.test_webhook(context(), webhook=gone)
    webhooks.remove_webhook(context(), webhook=gone)
    webhooks.show_secret(context(maker=ann.person), webhook=kept)
    webhooks.switch_webhook(context(), webhook=kept, on=False)
    asked = {"name": "export", "networks": ["192.0.2.0/24"], "days": 30, "client": None}
    key = make_key(two, scopes=[Perm.SEE_MARGIN], **asked).value
    assert keys.fetch(context(maker=ann.person), key)
    origin = sealed_origin("192.0.2.1", "a browser")
    sign_in(context(), login=ann.pk, stay=seams.new_id(), proof=Proof.CODE, unknown=False, sealed=origin)
    waiting = submit(
        context(actor=ann.actor, maker=ann.person),
        clients.change_status,
        client=ClientFactory(),
        status=ClientStatus.FROZEN,
        reason="ASKED-FOR",
    )
    assert isinstance(waiting, Proposed)


def a_client_with_everything():
    """Taken on step by step, then reviewed, grouped, held, complaining and looked into."""
    client = OnboardedClientFactory(reference="R-1")
    change_circumstances(context(), client=client, what=Circumstance.CONTROL)
    join_group(context(), client=client, group=form_group(context(), reference="G-1").value, tie=Tie.CONTROL)
    receive_complaint(
        context(), client=client, subject=Subject.MARGIN, channel=Channel.LETTER, text="Too late."
    )
    for text in ("first", "second"):
        cases.raise_alert(context(), client=client, ground=AlertGround.STAFF, text=text)
    case = cases.open_case(context(), alert=open_alerts()[0].id).value
    cases.note_case(context(), case=case, text="a note")
    give_standing_authority(
        signing(client),
        client=client,
        purpose=Purpose.REPLEDGE_SECURITIES,
        ends=hong_kong_date(seams.now()) + timedelta(days=90),
        revocation_stated=True,
    )
    place_hold(context(), client=client, ground=Ground.COURT, reference="HCMP-1")


def empty_tables():
    """Read models of these rooms that hold no row: nothing would be proved of them."""
    rooms = ("clients_", "access_", "http_")
    with connection.cursor() as cursor:
        for table in rebuild.read_model_tables():
            if table.startswith(rooms):
                cursor.execute(f"SELECT count(*) FROM {table}")
                if not cursor.fetchone()[0]:
                    yield table


def test_everything_is_the_same_when_rebuilt():
    machines_and_logins()
    a_client_with_everything()
    assert list(empty_tables()) == []
    assert rebuild.rebuild(check=True).differences == {}
    kept = [list(model.objects.values()) for model in (ApiKey, SignIn, Proposal)]
    assert rebuild.rebuild(check=False).identical
    assert [list(model.objects.values()) for model in (ApiKey, SignIn, Proposal)] == kept
