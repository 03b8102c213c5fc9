"""The REST contract, tried on real routes of custody."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.chart import Role
from tests.http import callers

HELD = Decimal(1_000_000)


def cash(account):
    return ledger.balances(account)[Role.CASH, "HKD"]


def withdraw(caller, account, amount="100.50", **more):
    return caller.post(f"accounts/{account}/withdraw", {"asset": "HKD", "amount": amount}, **more)


class TestCommand:
    def test_answers_with_the_new_state_the_events_and_the_version(self, operations, broker):
        before = ledger.version(broker.account)
        answer = withdraw(operations, broker.account)
        assert answer.status_code == 200
        body = answer.json()
        assert {"role": "cash", "asset": "HKD", "amount": "999899.5"} in body["data"]["balances"]
        assert body["events"] == [f"{broker.account}@{before + 1}"]
        assert body["version"] == before + 1
        assert answer["ETag"] == f'"{before + 1}"'

    def test_the_same_key_gets_the_same_answer_though_the_state_has_moved_on(self, operations, broker):
        first = withdraw(operations, broker.account, key="key-00001")
        withdraw(operations, broker.account)
        again = withdraw(operations, broker.account, key="key-00001")
        assert again.json() == first.json()
        assert again["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first
        assert cash(broker.account) == HELD - 201

    def test_the_same_key_with_another_body_is_refused(self, operations, broker):
        withdraw(operations, broker.account, key="key-00001")
        answer = withdraw(operations, broker.account, amount="7", key="key-00001")
        assert (answer.status_code, answer.json()["code"]) == (422, "ledger.key-reused")

    def test_a_key_of_one_login_is_not_a_key_of_another(self, operations, broker):
        other = callers.staff("operations", name="lin")
        withdraw(operations, broker.account, key="key-00001")
        answer = withdraw(other, broker.account, key="key-00001")
        assert "Idempotency-Replayed" not in answer
        assert cash(broker.account) == HELD - 201

    @pytest.mark.parametrize("key", ["", "short", "x" * 129, "ключ-ключ", "with space"])
    def test_a_key_is_required_and_printable(self, key, operations, broker):
        answer = withdraw(operations, broker.account, **{"Idempotency-Key": key})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"
        assert cash(broker.account) == HELD

    def test_if_match_lets_only_the_version_seen_pass(self, operations, broker):
        seen = operations.get(f"accounts/{broker.account}")["ETag"]
        assert withdraw(operations, broker.account, **{"If-Match": seen}).status_code == 200
        late = withdraw(operations, broker.account, **{"If-Match": seen})
        assert (late.status_code, late.json()["code"]) == (412, "ledger.outdated")
        assert cash(broker.account) == HELD - Decimal("100.5")

    def test_a_refusal_carries_the_rules_code_and_moves_nothing(self, operations, broker):
        answer = withdraw(operations, broker.account, amount="1000000.01")
        assert answer.status_code == 422
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "ledger.insufficient-balance"
        assert answer.json()["request_id"] == answer["X-Request-ID"]
        assert cash(broker.account) == HELD


WRONG_AMOUNTS = ["1e3", "1_000", "١٠٠", "NaN", "Infinity", "+1", " 1", "1.", ".5", "01", "-1"]


class TestAmounts:
    @pytest.mark.parametrize(
        "spelled", [*WRONG_AMOUNTS, "1" * 21, "0." + "1" * 19, "", None, 1, 1.5, True, {}, []]
    )
    def test_have_one_spelling(self, spelled, operations, broker):
        answer = withdraw(operations, broker.account, amount=spelled)
        assert answer.status_code == 400, answer.content
        assert cash(broker.account) == HELD

    def test_an_unknown_member_is_refused_by_name(self, operations, broker):
        body = {"asset": "HKD", "amount": "1", "is_staff": True}
        answer = operations.post(f"accounts/{broker.account}/withdraw", body)
        assert answer.status_code == 400
        assert answer.json()["errors"] == [
            {"pointer": "/is_staff", "code": "unknown", "detail": "There is no such member."}
        ]


BODIES = {
    "deep": b"[" * 10_000,
    "deep and closed": b"[" * 40 + b"]" * 40,
    "doubled name": b'{"asset": "HKD", "asset": "USD", "amount": "1"}',
    "beyond a float": b'{"asset": "HKD", "amount": 1e999}',
    "NaN": b'{"asset": "HKD", "amount": NaN}',
    "BOM": b'\xef\xbb\xbf{"asset": "HKD", "amount": "1"}',
    "UTF-16": '{"asset": "HKD", "amount": "1"}'.encode("utf-16"),
    "comment": b'{"asset": "HKD", "amount": "1"} // so',
    "half": b'{"asset": ',
    "long number": b'{"asset": "HKD", "amount": ' + b"9" * 5000 + b"}",
    "lone surrogate": b'{"asset": "\\ud800", "amount": "1"}',
    "a list": b"[]",
    "a word": b'"withdraw"',
    "nothing": b"",
}


class TestBody:
    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_has_one_meaning_or_is_refused(self, body, operations, broker):
        path = f"/api/v1/accounts/{broker.account}/withdraw"
        answer = operations.http.post(
            path, body, content_type="application/json", headers={"Idempotency-Key": str(uuid4())}
        )
        assert answer.status_code == 400, answer.content
        assert answer["Content-Type"] == "application/problem+json"

    def test_beyond_a_megabyte_is_too_large(self, operations, broker):
        answer = withdraw(operations, broker.account, amount="1" * 2**20)
        assert answer.status_code == 413

    @pytest.mark.parametrize("form", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
    def test_is_json_only(self, form, operations, broker):
        path = f"/api/v1/accounts/{broker.account}/withdraw"
        answer = operations.http.post(path, b"a=1", content_type=form, headers={"Idempotency-Key": "k" * 9})
        assert answer.status_code == 415
        assert answer["Content-Type"] == "application/problem+json"


WRONG_PAGES = ["limit=0", "limit=201", "limit=1e1", "limit=٣", "limit=1&limit=2", "cursor=made-up"]


class TestList:
    def test_pages_are_stable_and_complete(self, operations, broker):
        first = operations.get("accounts?limit=1").json()
        second = operations.get(f"accounts?limit=1&cursor={first['next_cursor']}").json()
        assert [row["id"] for row in first["data"] + second["data"]] == [
            str(broker.account),
            str(broker.other_account),
        ]
        assert (first["has_more"], second["has_more"], second["next_cursor"]) == (True, False, None)

    @pytest.mark.parametrize(
        "query", [*WRONG_PAGES, "page=2", "client__status=active", "status=nonsense", "order_by=id"]
    )
    def test_what_is_not_declared_is_refused(self, query, operations, broker):
        answer = operations.get(f"accounts?{query}")
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"

    def test_a_cursor_is_good_for_its_own_filters_only(self, operations, broker):
        cursor = operations.get("accounts?limit=1").json()["next_cursor"]
        assert operations.get(f"accounts?limit=1&kind=cash&cursor={cursor}").status_code == 400

    def test_a_client_sees_his_own(self, holder, broker):
        assert [row["id"] for row in holder.get("accounts").json()["data"]] == [str(broker.account)]
        assert holder.get(f"accounts?client={broker.other_client}").json()["data"] == []


class TestDetail:
    def test_anothers_object_does_not_exist(self, holder, broker):
        assert holder.get(f"accounts/{broker.account}").status_code == 200
        other, none = holder.get(f"accounts/{broker.other_account}"), holder.get(f"accounts/{uuid4()}")
        assert other.status_code == none.status_code == 404
        bodies = [{**answer.json(), "request_id": ""} for answer in (other, none)]
        assert bodies[0] == bodies[1]

    def test_shows_the_past(self, operations, broker):
        seen = ledger.events(broker.account)[-1].effective_at
        withdraw(operations, broker.account)
        asked = seen.isoformat().replace("+00:00", "Z")
        body = operations.get(f"accounts/{broker.account}?as_of={asked}").json()
        assert {"role": "cash", "asset": "HKD", "amount": "1000000"} in body["data"]["balances"]

    @pytest.mark.parametrize(
        "query", ["as_of=2999-01-01T00:00:00Z", "as_of=2026-01-01", "known_at=99999999", "known_at=-1"]
    )
    def test_a_past_that_is_none_is_refused(self, query, operations, broker):
        assert operations.get(f"accounts/{broker.account}?{query}").status_code == 400


class TestProblems:
    def test_a_stranger_is_told_to_log_in(self, client, db):
        answer = client.get("/api/v1/accounts")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")

    def test_a_session_needs_its_csrf_token(self, operations, broker):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(operations.user)
        path = f"/api/v1/accounts/{broker.account}/withdraw"
        assert browser.post(path, {}, content_type="application/json").status_code == 403

    @pytest.mark.parametrize(
        ("method", "path", "headers", "status"),
        [
            ("get", "nowhere", {}, 404),
            ("put", "accounts", {}, 405),
            ("options", "accounts", {}, 405),
            ("get", "accounts", {"Accept": "text/csv"}, 406),
        ],
    )
    def test_have_one_form(self, method, path, headers, status, operations):
        answer = getattr(operations.http, method)(f"/api/v1/{path}", headers=headers)
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert "RateLimit" in answer

    def test_what_broke_stays_inside(self, operations, broker, monkeypatch):
        monkeypatch.setattr("custody.queries.account", lambda id: 1 / 0)
        answer = operations.get(f"accounts/{broker.account}")
        assert answer.status_code == 500
        assert b"zero" not in answer.content
        assert answer.json()["code"] == "broken"

    def test_speak_the_readers_language(self, operations):
        answer = operations.get("accounts/x", **{"Accept-Language": "zh-hant"})
        assert answer.status_code == 404
        assert answer["Content-Language"] == "zh-hant"


class TestLimits:
    @pytest.fixture(autouse=True)
    def within_one_minute(self):
        now = seams.now()
        with seams.using(clock=lambda: now):
            yield

    def test_every_reply_says_what_is_left(self, operations, settings):
        settings.REST_QUOTA_LOGIN = 50
        answer = operations.get("accounts")
        assert answer["RateLimit-Policy"] == '"login";q=50;w=60'
        assert answer["RateLimit"].startswith('"login";r=49;t=')

    def test_one_too_many_waits_and_others_go_on(self, operations, holder, settings):
        settings.REST_QUOTA_LOGIN = 2
        answers = [operations.get("accounts") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert 0 < int(answers[2]["Retry-After"]) <= 60
        assert answers[2].json()["code"] == "throttled"
        assert holder.get("accounts").status_code == 200

    def test_what_is_refused_counts_as_well(self, operations, settings):
        settings.REST_QUOTA_LOGIN = 2
        answers = [operations.get(path) for path in ("alerts", "accounts?page=2", "alerts")]
        assert [answer.status_code for answer in answers] == [403, 400, 429]

    def test_a_body_beyond_any_upload_is_told_what_is_left(self, operations, settings):
        answer = operations.http.post(
            "/api/v1/accounts", b"{}", content_type="application/json", CONTENT_LENGTH=str(12 * 2**20)
        )
        assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
        assert "RateLimit" in answer

    def test_an_address_that_hammers_is_held_back_whoever_it_says_it_is(self, client, db, settings):
        settings.REST_QUOTA_ADDRESS = 2
        spoofs = [{"X-Forwarded-For": f"10.0.0.{number}"} for number in range(3)]
        statuses = [client.get("/api/v1/accounts", headers=spoof).status_code for spoof in spoofs]
        assert statuses == [401, 401, 429]

    def test_one_line_of_ipv6_is_held_back_whatever_address_of_its_own_it_uses(self, client, db, settings):
        settings.REST_QUOTA_ADDRESS = 2
        lines = ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:0:3", "2001:db8:0:1::1"]
        statuses = [client.get("/api/v1/accounts", REMOTE_ADDR=line).status_code for line in lines]
        assert statuses == [401, 401, 429, 401]
