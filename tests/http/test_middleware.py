from datetime import UTC, datetime, timedelta

import pytest

from brokerage.ledger import seams
from tests import desk

START = datetime(2026, 3, 2, 2, tzinfo=UTC)


class Clock:
    """A clock that is set."""

    def __init__(self):
        self.time = START

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    made = Clock()
    with seams.using(clock=made):
        yield made


@pytest.fixture
def at_work(client, db, clock):
    client.force_login(desk.member("operations"))
    client.get("/staff/")
    return client


class TestSession:
    def test_ends_after_a_quarter_of_an_hour_without_a_person(self, at_work, clock):
        clock.time += timedelta(minutes=14)
        assert at_work.get("/staff/").status_code == 200
        clock.time += timedelta(minutes=16)
        assert at_work.get("/staff/").status_code == 302

    def test_is_not_kept_alive_by_a_page_that_refreshes_itself(self, at_work, clock):
        for _ in range(16):
            clock.time += timedelta(minutes=1)
            answer = at_work.get("/staff/", headers={"X-Background": "1"})
        assert answer.status_code == 302

    def test_ends_after_a_working_day_however_busy(self, at_work, clock):
        for _ in range(8 * 6):
            clock.time += timedelta(minutes=10)
            assert at_work.get("/staff/").status_code == 200
        clock.time += timedelta(minutes=1)
        assert at_work.get("/staff/").status_code == 302


class TestReply:
    PATHS = ("/staff/login/", "/staff/", "/healthz", "/nothing-here", "/admin/")

    @pytest.mark.parametrize("path", PATHS)
    def test_carries_every_guard(self, path, client, db):
        answer = client.get(path)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]

    def test_names_its_request(self, client, db):
        assert client.get("/healthz", headers={"X-Request-ID": "proxy-0001"})["X-Request-ID"] == "proxy-0001"

    @pytest.mark.parametrize("forged", ["short", "x" * 65, "line\nbreak-line", '{"json": "inside"}'])
    def test_does_not_take_over_a_forged_name(self, forged, client, db):
        answer = client.get("/healthz", HTTP_X_REQUEST_ID=forged)
        assert answer["X-Request-ID"] != forged
        assert len(answer["X-Request-ID"]) == 36
