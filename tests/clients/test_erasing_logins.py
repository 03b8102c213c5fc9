"""Erasing a person leaves nothing in the logins that says whose they were, and the book whole."""

import json
from uuid import UUID

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.core import mail, serializers

from brokerage.access import envelope, factors, keys, notices, queries
from brokerage.access.commands import make_key, open_client_login, open_login
from brokerage.access.commands.stays import add_factor, change_contact, own, sealed_origin, sign_in
from brokerage.access.events.logins import Factor, Proof
from brokerage.access.models import ApiKey, SignUp, User
from brokerage.access.rules import Perm
from brokerage.clients.commands import erase_person
from brokerage.jobs import outbox
from brokerage.ledger import integrity, rebuild, seals, seams
from brokerage.ledger import queries as ledger
from tests import desk
from tests.clients.test_vault import recorded, two
from tests.factories import ClientFactory, context

pytestmark = pytest.mark.django_db(transaction=True)
TRACES = ("canary-ann", "Canary-Device", "198.51.100.77", "canary@", "Canary-Key", "198.51.100.0/24")


@pytest.fixture
def person() -> UUID:
    return somebody_with_logins()


def somebody_with_logins() -> UUID:
    """A recorded person with a client's login that was used in every way, and with a login of staff."""
    somebody = recorded()
    open_client_login("canary-ann", somebody, desk.PASSWORD)
    user = User.objects.get(username="canary-ann")
    data = {"secret": factors.sealed_secret(factors.new_secret())}
    add_factor(own(user), login=user.pk, factor=Factor.TOTP, data=data, stay=None)
    stay, origin = seams.new_id(), sealed_origin("198.51.100.77", "Canary-Device")
    sign_in(own(user), login=user.pk, stay=stay, proof=Proof.CODE, unknown=False, sealed=origin)
    for address in ("canary@one.example", "canary@two.example"):
        change_contact(own(user), login=user.pk, sealed=notices.sealed(address), stay=stay)
    for name in ("canary-ann", "canary-ann#code"):
        AccessAttempt.objects.create(
            username=name, ip_address="198.51.100.77", user_agent="Canary-Device", failures_since_start=1
        )
    SignUp.objects.create(
        id=seams.new_id(),
        person=somebody,
        sealed=envelope.seal(notices.PURPOSE, b"canary@one.example"),
        digest="d",
        asked_at=seams.now(),
        expires_at=seams.now(),
    )
    asked = {"scopes": [Perm.SEE_MARGIN], "networks": ["198.51.100.0/24"], "days": 30}
    make_key(context(maker=somebody), name="Canary-Key", client=ClientFactory(), **asked)
    open_login("works-here", ["credit"], "E-17")
    User.objects.filter(username="works-here").update(person=somebody)
    return somebody


def everything() -> str:
    """Each row of every table as text, the book's and the outbox's included."""
    models = [model for model in apps.get_models() if model._meta.managed]
    return "\n".join(serializers.serialize("json", model._base_manager.all()) for model in models)


def test_leaves_no_trace_in_any_table(person: UUID) -> None:
    before = everything()
    assert all(trace in before or "@" in trace for trace in TRACES)
    erase_person(two(), person=person, reason="REQUEST-12")
    after = everything()
    assert [trace for trace in TRACES if trace in after] == []
    assert not SignUp.objects.filter(person=person).exists()


def test_closes_the_login_and_keeps_that_of_staff(person: UUID, client) -> None:
    login = User.objects.get(username="canary-ann")
    client.force_login(login)
    erase_person(two(), person=person, reason="REQUEST-12")
    assert client.get("/portal/").status_code == 302
    assert not client.login(request=None, username="canary-ann", password=desk.PASSWORD)
    gone = User.objects.get(pk=login.pk)
    assert (gone.is_active, gone.username, gone.email) == (False, f"erased-{login.stream}", "")
    assert [row.kind for row in ledger.events(login.stream)][-3:] == [
        "access.login-closed",
        "access.signed-out",
        "access.login-erased",
    ]
    staff = User.objects.get(username="works-here")
    assert (staff.is_active, staff.person) == (True, person)


def test_revokes_the_keys_before_it_blanks_them(person: UUID) -> None:
    key = ApiKey.objects.get()
    text = keys.fetch(context(maker=person), key.id)
    assert keys.authenticate(text, "198.51.100.1")
    erase_person(two(), person=person, reason="REQUEST-12")
    for address in ("198.51.100.1", "203.0.113.9"):
        assert keys.authenticate(text, address) is None
    key.refresh_from_db()
    assert (key.name, key.networks, key.revoked_at is None) == ("", [], False)
    assert [row.kind for row in ledger.events(key.id)][-1] == "access.key-revoked"


def test_sends_nothing_that_waited(person: UUID) -> None:
    erase_person(two(), person=person, reason="REQUEST-12")
    mail.outbox.clear()
    outbox.relay()
    assert mail.outbox == []


def test_leaves_the_book_whole(person: UUID) -> None:
    erase_person(two(), person=person, reason="REQUEST-12")
    while seals.seal():
        continue
    assert integrity.verify() == []
    assert rebuild.rebuild(check=True).identical


def test_of_one_whose_login_was_closed_before_says_so_once(person: UUID) -> None:
    login = User.objects.get(username="canary-ann")
    User.objects.filter(pk=login.pk).update(is_active=False)
    erase_person(two(), person=person, reason="REQUEST-12")
    kinds = [row.kind for row in ledger.events(login.stream)]
    assert "access.login-closed" not in kinds
    assert kinds[-1] == "access.login-erased"
    assert json.loads(serializers.serialize("json", ApiKey.objects.all()))[0]["fields"]["name"] == ""
    assert queries.rights_of_key(ApiKey.objects.get()) == frozenset()
