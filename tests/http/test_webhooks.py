"""Webhooks: signed, retried, logged, replayed, and never into a private network."""

import itertools
import json
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID

import pytest
from django.db import connection
from standardwebhooks import Webhook as Signer

from brokerage.access.models import User
from brokerage.access.rules import ROLES, Perm, Role
from brokerage.access.scopes import OF_THE_FIRM
from brokerage.http import outward, tasks
from brokerage.http.models import Delivery, WebhookState
from brokerage.jobs.schedule import Run
from brokerage.ledger import feed, numbering, registry, seals, seams
from brokerage.ledger import queries as ledger
from brokerage.ledger.registry import Audience
from tests import factories
from tests.http import callers


class Receiver:
    """A real HTTP server that keeps what it gets and answers as told."""

    def __init__(self):
        self.got, self.status, self.headers, self.trickles = [], 204, {}, 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers.items()), body))
                self.send_response(receiver.status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for _ in range(receiver.trickles):
                    self.wfile.write(b"x")
                    time.sleep(0.1)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def sealed(transactional_db):
    broker = callers.opened()
    seals.seal()
    return broker


@pytest.fixture
def hook(sealed, receiver):
    """A webhook for deposits, as whoever asked for it sees it, once another has approved."""
    asker, second = callers.staff("operations"), callers.staff("operations-checker", name="ho")
    return callers.hooked(asker, second, receiver.url, "custody.deposited")


def deposit(sealed):
    factories.DepositFactory(account=sealed.account)
    seals.seal()


def run():
    """A run of the job, now."""
    return Run(id=seams.new_id(), job="http.webhooks", slot=seams.now(), late=False)


def work(hook):
    tasks.webhooks(run(), [UUID(hook["id"])])


class TestDelivery:
    def test_is_signed_and_holds_the_envelope_of_the_feed(self, hook, sealed, receiver):
        deposit(sealed)
        work(hook)
        ((headers, body),) = receiver.got
        headers = {name.lower(): value for name, value in headers.items()}
        assert Signer(hook["secret"]).verify(body, headers) == json.loads(body)
        assert json.loads(body)["type"] == "custody.deposited"
        assert headers["webhook-id"] == json.loads(body)["id"]

    def test_tells_positions_without_a_gap_for_what_is_restricted(self, hook, sealed, receiver):
        callers.suspect(factories.context(), client=sealed.client)
        deposit(sealed)
        work(hook)
        (told,) = (json.loads(body)["position"] for _headers, body in receiver.got)
        asker = callers.staff("operations", name="may")
        (seen,) = asker.get(f"events?after={told - 1}&limit=1&types=custody.deposited").json()["data"]
        assert seen["position"] == told
        made = asker.get(f"webhooks/{hook['id']}/deliveries").json()["data"]
        assert [each["position"] for each in made] == [told]
        assert WebhookState.objects.get().cursor == told + 1
        assert asker.post(f"webhooks/{hook['id']}/replay", {"after": told - 1}).status_code == 200
        work(hook)
        assert [json.loads(body)["position"] for _headers, body in receiver.got] == [told, told]

    def test_happens_once_for_each_event_after_the_webhook_was_added(self, hook, sealed, receiver):
        deposit(sealed)
        deposit(sealed)
        work(hook)
        work(hook)
        assert len(receiver.got) == 2

    def test_comes_again_later_when_it_failed_and_ends_after_a_day(self, hook, sealed, receiver):
        receiver.status = 500
        deposit(sealed)
        work(hook)
        work(hook)
        assert len(receiver.got) == 1  # not due yet
        made = Delivery.objects.get()
        assert (made.state, made.answer) == ("new", "500")
        with seams.using(clock=lambda: made.made_at + timedelta(hours=25)):
            work(hook)
        assert Delivery.objects.get().state == "failed"

    def test_follows_no_redirect(self, hook, sealed, receiver):
        receiver.status, receiver.headers = 302, {"Location": receiver.url}
        deposit(sealed)
        work(hook)
        assert len(receiver.got) == 1
        assert Delivery.objects.get().answer == "302"

    def test_stops_after_days_of_failure_and_at_once_when_gone(self, hook, sealed, receiver):
        receiver.status = 410
        deposit(sealed)
        work(hook)
        assert WebhookState.objects.get().disabled_at is not None
        assert tasks._listening(None) == []
        gave_up = ledger.events(UUID(hook["id"]))[-1]
        assert (gave_up.kind, gave_up.effective_at) == ("http.webhook-gave-up", gave_up.event.since)
        receiver.status = 204
        lin = callers.staff("operations", name="lin")
        again = lin.post(f"webhooks/{hook['id']}/replay", {"after": hook["start"]})
        assert again.json()["data"]["disabled_at"] is None
        work(hook)
        assert len(receiver.got) == 2

    def test_ends_for_a_receiver_that_never_does(self, receiver, monkeypatch):
        monkeypatch.setattr(outward, "WHOLE_S", 0.5)
        receiver.status, receiver.trickles = 200, 40
        began = time.monotonic()
        with pytest.raises(outward.Unreachable, match="too long"):
            outward.post(receiver.url, b"{}", {})
        assert time.monotonic() - began < 2

    def test_of_a_batch_stops_after_two_minutes(self, hook, sealed, receiver, monkeypatch):
        for _ in range(4):
            deposit(sealed)
        tasks.gather(UUID(hook["id"]))
        clock = itertools.count()
        start = seams.now() + timedelta(minutes=1)
        monkeypatch.setattr(tasks, "send", lambda run, delivery: sent.append(next(clock)) or True)
        sent = []
        with seams.using(clock=lambda: start + timedelta(minutes=len(sent))):
            tasks.send_due(run(), UUID(hook["id"]))
        assert len(sent) == 2

    def test_of_a_test_message(self, hook, receiver):
        caller = callers.staff("operations", name="lin")
        assert caller.post(f"webhooks/{hook['id']}/test", {}).status_code == 200
        work(hook)
        assert json.loads(receiver.got[0][1])["type"] == "test"
        (logged,) = caller.get(f"webhooks/{hook['id']}/deliveries").json()["data"]
        assert (logged["state"], logged["answer"]) == ("sent", "204")

    def test_of_what_is_restricted_is_refused(self, sealed):
        body = {"url": "https://example.com/", "kinds": ["test.suspected"]}
        answer = callers.staff("operations", "compliance").post("webhooks/add", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "http.not-sendable")


class TestFromBeforeItsStart:
    """Two people agreed to send what happens from now on: so one alone sends nothing older."""

    def test_a_replay_takes_another_person(self, hook, sealed, receiver):
        lin, second = callers.staff("operations", name="lin"), callers.staff("operations-checker", name="wu")
        cursor = WebhookState.objects.get().cursor
        for asker in (lin, callers.staff("operations", name="may")):
            seen = {"If-Match": asker.get(f"webhooks/{hook['id']}")["ETag"]}
            waits = asker.post(f"webhooks/{hook['id']}/replay", {"after": hook["start"] - 1}, **seen)
            assert (waits.status_code, waits.json()["data"]["permission"]) == (202, "access.approve_webhooks")
        work(hook)
        assert receiver.got == []
        assert WebhookState.objects.get().cursor == cursor
        proposed = lin.post(f"webhooks/{hook['id']}/replay", {"after": 0}).json()["data"]
        done = second.post(f"approvals/{proposed['id']}/approve", {"digest": proposed["digest"]})
        assert done.status_code == 200, done.content
        work(hook)
        assert len(receiver.got) == 2  # the broker's two first deposits
        assert lin.post(f"webhooks/{hook['id']}/replay", {"after": 0}).json()["data"]["start"] == 0

    def test_it_is_refused_ahead_of_what_was_sent(self, hook, sealed, receiver):
        deposit(sealed)
        lin, head = callers.staff("operations", name="lin"), numbering.number(feed.head())
        skips = lin.post(f"webhooks/{hook['id']}/replay", {"after": head})
        assert (skips.status_code, skips.json()["code"]) == (422, "http.ahead-of-webhook")
        work(hook)
        assert len(receiver.got) == 1
        assert lin.post(f"webhooks/{hook['id']}/replay", {"after": head}).status_code == 200

    def test_the_start_is_on_record(self, hook):
        added = ledger.events(UUID(hook["id"]))[0].event
        assert added.start == hook["start"] > 0


END = {
    "it was removed": lambda hook, lin: lin.post(f"webhooks/{hook['id']}/remove", {}),
    "it was switched off": lambda hook, lin: lin.post(f"webhooks/{hook['id']}/switch", {"on": False}),
    "its asker's login was closed": lambda _hook, _lin: User.objects.filter(username="mei").update(
        is_active=False
    ),
}


class TestAShardPlannedBefore:
    """What is sent is decided when it is sent: a planned shard gives no right to it."""

    @pytest.mark.parametrize("end", END.values(), ids=END)
    def test_sends_nothing_more_once(self, end, hook, sealed, receiver):
        lin, planned = callers.staff("operations", name="lin"), tasks._listening(None)
        deposit(sealed)
        tasks.gather(planned[0])
        deposit(sealed)
        cursor = WebhookState.objects.get().cursor
        end(hook, lin)
        tasks.webhooks(run(), planned)
        assert receiver.got == []
        assert (WebhookState.objects.get().cursor, Delivery.objects.count()) == (cursor, 1)

    def test_leaves_nothing_to_send_when_it_is_removed_meanwhile(self, hook, sealed, monkeypatch):
        """Who removes it waits until the messages under way are noted, and forgets them too."""
        lin, page, waited = callers.staff("operations", name="lin"), feed.page, []
        remove = threading.Thread(target=lambda: (END["it was removed"](hook, lin), connection.close()))

        def look(*args, **more):
            remove.start()
            remove.join(0.5)
            waited.append(remove.is_alive())
            return page(*args, **more)

        deposit(sealed)
        monkeypatch.setattr(feed, "page", look)
        tasks.gather(UUID(hook["id"]))
        remove.join()
        assert (waited, [each.state for each in Delivery.objects.all()]) == ([True], ["failed"])

    def test_sends_nothing_of_a_kind_that_is_restricted_by_now(self, hook, sealed, receiver, monkeypatch):
        kind = registry.kinds()["custody.deposited"]
        deposit(sealed)
        monkeypatch.setitem(registry._kinds, kind.name, replace(kind, audience=Audience.RESTRICTED))
        work(hook)
        assert receiver.got == []


class TestWhoAskedForIt:
    def test_must_still_be_able_to_read_what_is_sent(self, hook, monkeypatch):
        caller = callers.staff("auditor", name="lam").http
        words, page = "may not read the ledger any more", f"/staff/webhooks/{hook['id']}/"
        assert [str(each) for each in tasks._listening(None)] == [hook["id"]]
        assert words not in caller.get(page).content.decode()
        monkeypatch.setitem(ROLES, Role.OPERATIONS, ROLES[Role.OPERATIONS] - {Perm.SEE_LEDGER})
        assert tasks._listening(None) == []
        assert words in caller.get(page).content.decode()
        assert words in caller.get("/staff/").content.decode()

    def test_must_still_have_a_login(self, hook):
        User.objects.filter(username="mei").update(is_active=False)
        assert tasks._listening(None) == []


class TestRemoving:
    def test_ends_what_is_under_way(self, hook, sealed, receiver, monkeypatch):
        caller, post = callers.staff("operations", name="lin"), outward.post
        deposit(sealed)
        deposit(sealed)

        def meanwhile(*args):
            assert caller.post(f"webhooks/{hook['id']}/remove", {}).status_code == 200
            return post(*args)

        monkeypatch.setattr(outward, "post", meanwhile)
        receiver.status = 500
        work(hook)
        assert [(each.state, each.answer) for each in Delivery.objects.all()] == [("failed", "removed")] * 2

    def test_sends_nothing_after_the_message_under_way(self, hook, sealed, receiver, monkeypatch):
        caller, post = callers.staff("operations", name="lin"), outward.post
        deposit(sealed)
        deposit(sealed)
        monkeypatch.setattr(
            outward, "post", lambda *args: caller.post(f"webhooks/{hook['id']}/remove", {}) and post(*args)
        )
        work(hook)
        assert len(receiver.got) == 1


class TestAdding:
    def test_takes_the_right_to_read_what_is_sent(self, operations, monkeypatch):
        sends_only = ROLES[Role.OPERATIONS] - {Perm.SEE_LEDGER}
        monkeypatch.setitem(ROLES, Role.OPERATIONS, sends_only)
        body = {"url": "https://example.com/", "kinds": ["custody.deposited"]}
        assert operations.post("webhooks/add", body).status_code == 403

    def test_is_no_machines(self):
        assert Perm.MAKE_WEBHOOKS not in OF_THE_FIRM


BAD_URLS = [
    *(
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com",
    ),
    *(
        "https://user@example.com/",
        "https://example.com:5432/",
        "https://example.com/#a",
        "https://",
        "https:///x",
    ),
    *(
        "https://example.com\\@127.0.0.1/",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "javascript:1",
    ),
]
PRIVATE = [
    *(
        "127.0.0.1",
        "::1",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
    ),
    *(
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fe80::1",
        "fc00::1",
        "224.0.0.1",
        "255.255.255.255",
    ),
    *("64:ff9b:1::a00:1", "fec0::1", "::127.0.0.1", "2001::1", "100::1", "5f00::1", "ff0e::1"),
]


class TestOutward:
    @pytest.mark.parametrize("url", BAD_URLS)
    def test_only_plain_https_passes(self, url, settings):
        settings.WEBHOOKS_ANYWHERE = False
        with pytest.raises(outward.BadAddress):
            outward.checked(url)

    @pytest.mark.parametrize("address", PRIVATE)
    def test_no_private_address_is_public(self, address):
        assert not outward.is_public(address)

    @pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111"])
    def test_a_public_address_is(self, address):
        assert outward.is_public(address)

    @pytest.mark.parametrize(
        "host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]"]
    )
    def test_no_spelling_of_the_own_machine_is_connected_to(self, host, settings, monkeypatch):
        settings.WEBHOOKS_ANYWHERE = False
        monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
        with pytest.raises((outward.BadAddress, outward.Unreachable)):
            outward.post(f"https://{host}/", b"{}", {})

    def test_a_name_that_flips_gains_nothing(self, settings, monkeypatch):
        settings.WEBHOOKS_ANYWHERE = False
        answers = iter(["1.1.1.1", "127.0.0.1"])
        asked = []

        def resolve(*_, **__):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), 443))]

        def connect(address, **_):
            asked.append(address)
            raise OSError

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr(socket, "create_connection", connect)
        with pytest.raises(outward.Unreachable):
            outward.post("https://example.com/", b"{}", {})
        assert asked == [("1.1.1.1", 443)]

    def test_one_private_address_among_several_is_enough(self, settings, monkeypatch):
        settings.WEBHOOKS_ANYWHERE = False
        both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("1.1.1.1", "10.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        with pytest.raises(outward.BadAddress):
            outward.post("https://example.com/", b"{}", {})
