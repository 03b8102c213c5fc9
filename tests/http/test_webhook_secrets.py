"""Adding a webhook takes two people; its secret is shown once, to the one who asked, by whatever key."""

import base64
from datetime import timedelta
from uuid import uuid4

import pytest

from brokerage.access import sign_in
from brokerage.access.rules import ROLES, NotEntitled, Perm, Role
from brokerage.http import commands
from brokerage.http.models import Reply, Webhook, WebhookState
from brokerage.ledger import queries as ledger
from brokerage.ledger import rebuild, seals, seams
from brokerage.ledger.entry import SecondPersonNeeded
from tests import desk, factories
from tests.http import callers

BODY = {"url": "https://hooks.example/in", "kinds": ["custody.deposited"]}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def checker(db):
    return callers.staff("operations-checker", name="ho")


@pytest.fixture
def lin(db):
    """Another who may ask for webhooks."""
    return callers.staff("operations", name="lin")


def added(maker, checker):
    """The id of a webhook that one asked for and another approved; its secret was not fetched yet."""
    proposed = maker.post("webhooks/add", BODY).json()["data"]
    done = checker.post(f"approvals/{proposed['id']}/approve", {"digest": proposed["digest"]})
    assert done.status_code == 200, done.content
    return maker.get("webhooks").json()["data"][0]["id"]


class TestAdding:
    def test_waits_for_another_person(self, operations, checker):
        answer = operations.post("webhooks/add", BODY)
        assert (answer.status_code, answer.json()["data"]["permission"]) == (202, "access.approve_webhooks")
        assert not Webhook.objects.exists()
        assert not WebhookState.objects.exists()
        proposed = answer.json()["data"]
        own = operations.post(f"approvals/{proposed['id']}/approve", {"digest": proposed["digest"]})
        assert own.json()["code"] == "access.own-proposal"
        assert (
            checker.post(f"approvals/{proposed['id']}/approve", {"digest": proposed["digest"]}).status_code
            == 200
        )
        assert Webhook.objects.get().person == operations.user.person

    def test_by_one_person_alone_is_refused_by_the_command(self, operations):
        with pytest.raises(SecondPersonNeeded):
            commands.add_webhook(factories.context(maker=operations.user.person), **BODY)

    def test_takes_the_right_to_read_in_the_command_as_well(self, operations, checker, monkeypatch):
        monkeypatch.setitem(ROLES, Role.OPERATIONS, ROLES[Role.OPERATIONS] - {Perm.SEE_LEDGER})
        two = factories.context(maker=operations.user.person, checker=checker.user.person)
        with pytest.raises(NotEntitled):
            commands.add_webhook(two, **BODY)

    def test_comes_to_nothing_when_the_right_to_read_was_taken_meanwhile(
        self, operations, checker, monkeypatch
    ):
        proposed = operations.post("webhooks/add", BODY).json()["data"]
        monkeypatch.setitem(ROLES, Role.OPERATIONS, ROLES[Role.OPERATIONS] - {Perm.SEE_LEDGER})
        done = checker.post(f"approvals/{proposed['id']}/approve", {"digest": proposed["digest"]})
        assert done.json()["code"] == "access.not-entitled"
        assert not Webhook.objects.exists()


class TestTheSecret:
    def test_is_shown_once_to_whoever_asked(self, operations, checker, lin):
        hook = added(operations, checker)
        for other in (checker, lin):
            refused = other.post(f"webhooks/{hook}/secret", {})
            assert refused.json()["code"] in ("access.not-entitled", "http.not-your-webhook")
        answer = operations.post(f"webhooks/{hook}/secret", {}).json()["data"]
        assert len(base64.b64decode(answer["secret"].removeprefix("whsec_"))) == 32
        again = operations.post(f"webhooks/{hook}/secret", {})
        assert (again.status_code, again.json()["code"]) == (422, "http.secret-shown")

    @pytest.mark.parametrize("after_a_day", [False, True])
    def test_is_not_shown_again_for_the_same_key(self, after_a_day, operations, checker):
        hook, key = added(operations, checker), str(uuid4())
        first = operations.post(f"webhooks/{hook}/secret", {}, key=key).json()["data"]
        if after_a_day:
            Reply.objects.all().delete()
        again = operations.post(f"webhooks/{hook}/secret", {}, key=key)
        assert again["Idempotency-Replayed"] == "true"
        assert again.json()["data"]["secret"] is None
        assert first["secret"] not in again.content.decode()

    def test_and_a_webhook_are_for_who_showed_a_second_factor_just_now(self, operations, checker):
        hook = added(operations, checker)
        session = operations.http.session
        session[sign_in.CONFIRMED] = (seams.now() - timedelta(minutes=11)).isoformat()
        session.save()
        for path, body in (("webhooks/add", BODY), (f"webhooks/{hook}/secret", {})):
            refused = operations.post(path, body)
            assert (refused.status_code, refused.json()["code"]) == (403, "access.confirmation-needed")
        assert operations.post(f"webhooks/{hook}/test", {}).status_code == 200

    def test_is_on_no_other_answer(self, operations, checker):
        hook = added(operations, checker)
        first = operations.post(f"webhooks/{hook}/secret", {}).json()["data"]["secret"]
        for path in ("webhooks", f"webhooks/{hook}", f"webhooks/{hook}/deliveries"):
            assert first not in operations.get(path).content.decode()
        for act, body in {"test": {}, "switch": {"on": False}, "replay": {"after": 0}, "remove": {}}.items():
            assert first not in operations.post(f"webhooks/{hook}/{act}", body).content.decode()

    def test_of_a_webhook_from_before_is_nobodys(self, operations, checker):
        hook = added(operations, checker)
        Webhook.objects.update(person=None)
        refused = operations.post(f"webhooks/{hook}/secret", {})
        assert refused.json()["code"] == "http.not-your-webhook"


def test_is_the_same_when_rebuilt(operations, checker):
    hook = added(operations, checker)
    operations.post(f"webhooks/{hook}/secret", {})
    assert [row.kind for row in ledger.events(hook)] == ["http.webhook-added", "http.webhook-secret-shown"]
    assert rebuild.rebuild(check=True).identical


class TestSwitching:
    def test_stops_and_goes_on(self, operations, checker):
        hook = added(operations, checker)
        for on in (False, True):
            answer = operations.post(f"webhooks/{hook}/switch", {"on": on})
            assert (answer.json()["data"]["disabled_at"] is None) is on
            same = operations.post(f"webhooks/{hook}/switch", {"on": on})
            assert (same.status_code, same.json()["code"]) == (409, "ledger.nothing-to-do")


class TestTheDesk:
    @pytest.fixture
    def hook(self, operations, checker):
        factories.furnish()
        seals.seal()
        return added(operations, checker)

    def test_proposes_and_shows_the_secret_once(self, operations, checker):
        browser = operations.http
        said = browser.post("/staff/webhooks/new/", BODY, follow=True).content.decode()
        assert "another person must approve" in said
        proposal = operations.get("approvals").json()["data"][0]
        checker.post(f"approvals/{proposal['id']}/approve", {"digest": proposal["digest"]})
        (hook,) = Webhook.objects.all()
        assert "Show the secret" in browser.get(f"/staff/webhooks/{hook.id}/").content.decode()
        page = browser.post(f"/staff/webhooks/{hook.id}/secret/", {"key": "first-key"}).content.decode()
        assert commands.secret_of(hook.id) in page
        for key in ("first-key", "other-key"):
            again = browser.post(f"/staff/webhooks/{hook.id}/secret/", {"key": key}, follow=True)
            assert "whsec_" not in again.content.decode()
        assert "Show the secret" not in browser.get(f"/staff/webhooks/{hook.id}/").content.decode()

    def test_shows_state_and_deliveries_and_switches(self, operations, hook):
        browser, page = operations.http, f"/staff/webhooks/{hook}/"
        browser.post(f"{page}change/", {"act": "test"})
        said = browser.get(page).content.decode()
        assert "What was sent, newest first" in said
        assert ">test<" in said
        assert "Switch on" in browser.post(f"{page}change/", {"act": "off"}, follow=True).content.decode()
        start = WebhookState.objects.get().start
        replayed = browser.post(f"{page}change/", {"act": "replay", "after": start}, follow=True)
        assert "Switch off" in replayed.content.decode()
        older = browser.post(f"{page}change/", {"act": "replay", "after": start - 1}, follow=True)
        assert "another person must approve" in older.content.decode()
        assert WebhookState.objects.get().cursor == start
        refused = browser.post(f"{page}change/", {"act": "replay", "after": "-1"}, follow=True)
        assert "Send again everything after this position" in refused.content.decode()
        assert browser.post(f"{page}change/", {"act": "burn"}).status_code == 400
        browser.post(f"{page}change/", {"act": "remove"})
        assert "removed" in browser.get(page).content.decode()
        assert browser.get(f"/staff/webhooks/{uuid4()}/").status_code == 404

    def test_is_read_only_to_whoever_may_not_make_webhooks(self, hook, client):
        client.force_login(desk.member("auditor", name="lam"))
        said = client.get(f"/staff/webhooks/{hook}/").content.decode()
        assert "Remove for good" not in said
        assert client.post(f"/staff/webhooks/{hook}/change/", {"act": "off"}).status_code == 403
        assert "Propose a webhook" not in client.get("/staff/webhooks/").content.decode()

    def test_tells_on_its_first_page_of_one_that_gave_up_and_not_of_one_a_person_stopped(
        self, operations, hook
    ):
        words, browser = "webhook switched off after failures", operations.http
        assert words not in browser.get("/staff/").content.decode()
        operations.post(f"webhooks/{hook}/switch", {"on": False})
        assert words not in browser.get("/staff/").content.decode()
        state = WebhookState.objects.get()
        state.failing_since = state.disabled_at
        state.save()
        assert words in browser.get("/staff/").content.decode()
        assert "switched off after failures" in browser.get("/staff/webhooks/").content.decode()
        operations.post(f"webhooks/{hook}/remove", {})
        assert words not in browser.get("/staff/").content.decode()
