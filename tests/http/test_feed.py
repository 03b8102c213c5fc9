"""The feed over HTTP: whole, in order, once, and nobody's but the reader's."""

import json
import random
import threading
import time
from http.client import HTTPConnection

import pytest
from django.db import connections
from django.test import Client
from jsonschema import Draft202012Validator

from brokerage.access.models import ApiKey, SignIn, User
from brokerage.http import feed as waiting_room
from brokerage.http import places
from brokerage.http.places import Places
from brokerage.ledger import feed, registry, seals, seams
from brokerage.ledger.registry import Audience
from custody import commands as custody
from tests import factories
from tests.http import callers
from tests.http.callers import staff
from tests.http.test_rest_keys import made


@pytest.fixture
def sealed(transactional_db):
    """A broker whose book is sealed: seals need what was committed."""
    broker = callers.opened()
    seals.seal()
    return broker


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Streams that end at once, so that a test can read them whole."""
    monkeypatch.setattr(waiting_room, "LIFE_S", 0.3)
    monkeypatch.setattr(waiting_room, "HEARTBEAT_S", 0.1)


@pytest.fixture
def restricted(sealed):
    """The kind of an event about the first client that only compliance may know of."""
    callers.suspect(factories.context(), client=sealed.client)
    seals.seal()
    return "test.suspected"


def read(caller, query=""):
    """All events of a reader, page by page."""
    found, after = [], 0
    while True:
        answer = caller.get(f"events?after={after}&limit=7{query}")
        assert answer.status_code == 200, answer.content
        page = answer.json()
        found += page["data"]
        after = page["next_cursor"]
        if not page["has_more"]:
            return found


def messages(text):
    """Server-sent events as dicts of their fields."""
    blocks = [block for block in text.split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]


class TestPages:
    def test_hold_the_whole_book_in_order(self, sealed):
        events = read(staff("compliance"))
        assert [event["position"] for event in events] == list(range(1, feed.head() + 1))

    def test_each_event_fits_the_schema_of_its_kind(self, sealed):
        caller = staff("compliance")
        for event in read(caller):
            kind = caller.get(f"event-kinds/{event['type']}").json()["data"]
            Draft202012Validator(kind["json_schema"]).validate(event["data"])

    def test_every_kind_has_a_schema(self, sealed):
        caller, names, cursor = staff("compliance"), [], ""
        while cursor is not None:
            page = caller.get(f"event-kinds?limit=50{cursor and '&cursor=' + cursor}").json()
            names += [kind["name"] for kind in page["data"]]
            for kind in page["data"]:
                Draft202012Validator.check_schema(kind["json_schema"])
            cursor = page["next_cursor"]
        assert names == sorted(registry.kinds())

    def test_are_narrowed_by_kind_and_account(self, sealed):
        caller = staff("operations")
        found = read(caller, f"&types=custody.deposited&account={sealed.account}")
        assert [(event["type"], event["stream"]) for event in found] == [
            ("custody.deposited", str(sealed.account))
        ]

    @pytest.mark.parametrize("query", ["after=99999", "after=-1", "types=no.such", "account=x", "wait=3600"])
    def test_refuse_what_is_no_place_or_kind(self, query, sealed):
        answer = staff("operations").get(f"events?{query}")
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"

    def test_wait_for_what_comes(self, sealed):
        caller, after = staff("operations"), feed.head()
        threading.Timer(0.5, _deposit, [sealed.account]).start()
        page = caller.get(f"events?after={after}&wait=10").json()
        assert [event["type"] for event in page["data"]] == ["custody.deposited"]

    def test_wait_no_longer_than_asked_however_much_there_is_to_look_through(self, sealed, monkeypatch):
        """A narrow reader far behind: each look goes on a little, and finds nothing yet."""

        def look(after, *_, **__):
            time.sleep(0.2)
            return feed.Page([], after + 1, True)

        monkeypatch.setattr(feed, "page", look)
        asked = time.monotonic()
        page = staff("compliance").get("events?wait=1").json()
        assert 1 <= time.monotonic() - asked < 3
        assert (page["data"], page["has_more"], int(page["next_cursor"]) > 3) == ([], True, True)

    def test_a_poll_is_answered_at_once_when_no_place_is_left(self, sealed, monkeypatch):
        monkeypatch.setattr(waiting_room, "waiting", Places(1))
        waiting_room.waiting.take("staff:another", lambda: True)
        page = staff("operations").get(f"events?after={feed.head()}&wait=20").json()
        assert page["data"] == []


class TestScope:
    def test_no_gap_tells_of_a_restricted_event(self, sealed, restricted):
        """Two books, one with a restricted event, are the same to whoever may not see it."""
        caller, head = staff("operations"), feed.head()
        number = head - 1
        before = read(caller)
        assert [event["position"] for event in before] == list(range(1, number + 1))
        page = caller.get(f"events?after={number - 1}&limit=1").json()
        assert (page["next_cursor"], page["has_more"]) == (str(number), False)
        assert caller.get(f"events?after={head}").status_code == 400
        stream = caller.get(f"events?after={number}", Accept="text/event-stream")
        assert b"".join(stream.streaming_content).count(b"id: %d\n" % head) == 0
        _deposit(sealed.account)
        seals.seal()
        (event,) = caller.get(f"events?after={number}").json()["data"]
        assert event["position"] == number + 1
        (shown,) = caller.get(f"entries/{event['entry']}").json()["data"]["events"]
        assert shown["position"] == number + 1
        assert [each["position"] for each in read(staff("compliance", name="wai"))][-1] == head + 1

    def test_knowledge_is_counted_as_the_reader_counts(self, sealed, restricted):
        head = feed.head()
        _deposit(sealed.account)
        seals.seal()
        path = f"accounts/{sealed.account}?known_at="
        caller, whole = staff("operations"), staff("compliance", name="wai")
        then, now = (caller.get(f"{path}{number}").json()["data"]["balances"] for number in (head - 1, head))
        assert then != now
        assert [whole.get(f"{path}{head + step}").json()["data"]["balances"] for step in (0, 1)] == [
            then,
            now,
        ]
        assert caller.get(f"{path}{head + 1}").status_code == 400

    def test_a_client_reads_his_own_and_nothing_of_the_firms(self, sealed):
        holder = callers.holder_of(sealed.client)
        seals.seal()
        mine = {str(sealed.client), str(sealed.account)}
        events = read(holder)
        assert {event["type"] for event in events} >= {"custody.deposited", "clients.client-opened"}
        assert all({event["stream"], event["owner"]} & mine for event in events)
        assert {posting["owner"] for event in events for posting in event["postings"]} == {
            str(sealed.account)
        }
        kinds = registry.kinds()
        assert {kinds[event["type"]].audience for event in events} == {Audience.CLIENT}

    def test_anothers_account_is_empty_not_refused(self, sealed):
        holder = callers.holder_of(sealed.client)
        seals.seal()
        assert read(holder, f"&account={sealed.other_account}") == []

    def test_restricted_kinds_are_for_those_who_may_see_them(self, sealed, restricted):
        assert restricted not in {event["type"] for event in read(staff("operations"))}
        assert restricted in {event["type"] for event in read(staff("compliance", name="lin"))}
        hidden = staff("auditor", name="wong")
        assert hidden.get(f"events?types={restricted}").status_code == 400
        assert hidden.get(f"event-kinds/{restricted}").status_code == 404

    def test_a_restricted_event_does_not_show_in_the_explorer(self, sealed, restricted):
        for role, seen in (("operations", False), ("compliance", True)):
            browser = staff(role, name=role).http
            recorded = next(each for each in feed.read(0, 1000) if each.kind == restricted)
            page = browser.get(f"/staff/ledger/?stream={recorded.stream}")
            assert (f"/entries/{recorded.entry}/" in page.content.decode()) == seen
            entry = browser.get(f"/staff/ledger/entries/{recorded.entry}/")
            assert entry.status_code == (200 if seen else 404)


class TestStream:
    def read(self, caller, **headers):
        answer = caller.get("events", Accept="text/event-stream", **headers)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/event-stream")
        text = b"".join(answer.streaming_content).decode()
        answer.close()
        return messages(text)

    def test_has_the_same_events_with_positions_as_ids(self, sealed):
        caller = staff("compliance")
        streamed = [message for message in self.read(caller) if "data" in message]
        events = read(caller)
        assert [json.loads(message["data"]) for message in streamed] == events
        assert [int(message["id"]) for message in streamed] == [event["position"] for event in events]

    def test_resumes_behind_the_last_event_seen(self, sealed):
        caller = staff("compliance")
        streamed = [m for m in self.read(caller, **{"Last-Event-ID": "5"}) if "data" in m]
        assert [int(message["id"]) for message in streamed] == list(range(6, feed.head() + 1))

    def test_beats_with_the_position_looked_through(self, sealed):
        beats = list(self.read(staff("operations"), **{"Last-Event-ID": str(feed.head())}))
        assert {"id": str(feed.head())} in beats

    def test_gives_its_place_back_even_if_nobody_reads_it(self, sealed, monkeypatch):
        monkeypatch.setattr(waiting_room, "waiting", Places(1))
        caller = staff("operations")
        first = caller.get("events", Accept="text/event-stream")
        second = staff("operations", name="lin").get("events", Accept="text/event-stream")
        assert (second.status_code, second["Retry-After"]) == (503, "2")
        first.close()
        assert caller.get("events", Accept="text/event-stream").status_code == 200


ENDS = {
    "its login is closed": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "its stay is ended": lambda user: SignIn.objects.filter(user=user).update(ended_at=seams.now()),
    "its right is taken": lambda user: user.groups.clear(),
}


class TestAWaitingReader:
    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    def test_of_a_stream_reads_nothing_more_once(self, end, sealed):
        caller = staff("operations")
        answer = caller.get(f"events?after={feed.head()}", Accept="text/event-stream")
        lines = iter(answer.streaming_content)
        next(lines)
        end(caller.user)
        _deposit(sealed.account)
        assert list(lines) == []

    def test_of_a_stream_reads_nothing_more_once_its_key_is_revoked(self, sealed):
        key, headers = made("see_ledger")
        answer = Client().get("/api/v1/events", headers=headers | {"Accept": "text/event-stream"})
        lines = iter(answer.streaming_content)
        next(lines)
        ApiKey.objects.filter(pk=key.pk).update(revoked_at=seams.now())
        assert list(lines) == []

    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    def test_of_a_poll_reads_nothing_more_once(self, end, sealed):
        caller, after = staff("operations"), feed.head()
        threading.Timer(0.5, lambda: (end(caller.user), _deposit(sealed.account))).start()
        page = caller.get(f"events?after={after}&wait=5").json()
        assert (page["data"], page["next_cursor"]) == ([], str(after))

    def test_takes_no_place_where_nothing_can_happen(self, sealed, monkeypatch):
        monkeypatch.setattr(waiting_room, "waiting", Places(0))
        nobody = callers.Caller(callers.desk.member(name="stranger", staff=False))
        assert nobody.get("events", Accept="text/event-stream").status_code == 204
        holder = callers.holder_of(sealed.client)
        theirs = holder.get(f"events?account={sealed.other_account}", Accept="text/event-stream")
        assert theirs.status_code == 204
        assert holder.get("events", Accept="text/event-stream").status_code == 503


class TestPlaces:
    def test_are_one_to_each_and_few_in_all(self, monkeypatch):
        monkeypatch.setattr(places, "PATIENCE_S", 0)
        room = Places(2)
        first, second = (room.take(name, lambda: True) for name in ("a", "b"))
        assert room.take("c", lambda: True) is None
        second.leave()
        assert room.take("a", lambda: True) is None  # the older reader of a hangs somewhere
        assert not first.stands()
        first.leave()
        assert room.take("a", lambda: True).stands()

    def test_pass_from_an_older_reader_to_a_newer_one(self):
        room = Places(1)
        older, taken = room.take("a", lambda: True), []
        newer = threading.Thread(target=lambda: taken.append(room.take("a", lambda: True)))
        newer.start()
        while older.stands():
            time.sleep(0.01)
        older.leave()
        newer.join()
        older.leave()  # the web server closes what has ended already
        assert taken[0].stands()
        assert room.take("b", lambda: True) is None


class Reader:
    """A reader on a real connection that breaks off at random and goes on from the last id it saw."""

    def __init__(self, server, caller, dice):
        self.host, self.port = server.thread.host, server.thread.port
        self.cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in caller.http.cookies.items())
        self.dice, self.last, self.positions, self.reconnects = dice, 0, [], 0

    def take(self, position):
        self.positions.append(position)
        self.last = position

    def request(self, path, **headers):
        self.reconnects += 1
        link = HTTPConnection(self.host, self.port, timeout=20)
        link.request("GET", f"/api/v1/{path}", headers={"Cookie": self.cookie, **headers})
        answer = link.getresponse()
        assert answer.status == 200, answer.read()
        return link, answer

    def poll(self):
        link, answer = self.request(f"events?after={self.last}&limit={self.dice.randint(1, 40)}&wait=1")
        if self.dice.random() < 0.3:
            answer.read(self.dice.randint(0, 200))  # broken off: nothing of this page counts
        else:
            page = json.loads(answer.read())
            for event in page["data"]:
                self.take(event["position"])
            assert self.last == int(page["next_cursor"])
        link.close()

    def stream(self):
        link, answer = self.request(
            "events", **{"Accept": "text/event-stream", "Last-Event-ID": str(self.last)}
        )
        block = {}
        for _ in range(self.dice.randint(1, 120)):
            line = answer.readline().decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                block[name] = value
            elif "data" in block:  # an event counts when its blank line has come
                self.take(int(block["id"]))
                block = {}
            elif not block:
                break
            else:
                block = {}
        link.close()


def test_a_reader_that_reconnects_at_random_sees_each_event_once_in_order(
    transactional_db, live_server, monkeypatch, settings
):
    settings.REST_QUOTA_LOGIN = settings.REST_QUOTA_ADDRESS = 10**6
    monkeypatch.setattr(waiting_room, "waiting", Places(50))
    broker = callers.opened()
    caller, done = staff("compliance"), threading.Event()
    writers = [
        threading.Thread(target=_write, args=(account, 60))
        for account in (broker.account, broker.other_account)
    ]
    sealer = threading.Thread(target=_seal, args=(done,))
    for thread in (*writers, sealer):
        thread.start()
    reader = Reader(live_server, caller, random.Random(7))
    while any(writer.is_alive() for writer in writers) or reader.last < feed.head():
        reader.dice.choice([reader.poll, reader.stream])()
    for writer in writers:
        writer.join()
    done.set()
    sealer.join()
    while reader.last < feed.head():
        reader.poll()
    assert reader.positions == list(range(1, feed.head() + 1))
    assert feed.head() >= 120
    assert reader.reconnects > 10


def _write(account, deposits):
    for _ in range(deposits):
        custody.deposit(factories.context(), account=account, asset="HKD", amount=factories.Decimal(1))
    connections.close_all()


def _seal(done):
    while not done.is_set():
        seals.seal()
        time.sleep(0.05)
    seals.seal()
    connections.close_all()


def _deposit(account):
    custody.deposit(factories.context(), account=account, asset="HKD", amount=factories.Decimal(1))
    seals.seal()
    connections.close_all()
