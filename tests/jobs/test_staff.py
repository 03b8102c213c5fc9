from datetime import timedelta

import pytest

from brokerage.jobs.models import JobRun, Parked, RunState
from brokerage.ledger import seams
from tests import desk


@pytest.fixture
def operations(client, db):
    client.force_login(desk.member("operations"))
    return client


def text(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def run(state, *, ago):
    slot = seams.now() - ago
    return JobRun.objects.create(
        id=seams.new_id(), job="ledger.snapshot", slot=slot, state=state, next_at=slot
    )


class TestJobs:
    def test_lists_every_declared_job_and_says_that_nothing_is_parked(self, operations):
        page = text(operations.get("/staff/jobs/"))
        assert "ledger.snapshot" in page
        assert "margin.revalue" in page
        assert "Nothing is parked" in page

    @pytest.mark.parametrize(
        ("state", "minutes", "said"), [(RunState.DONE, 1, "on time"), (RunState.DUE, 10, "10 min 0 s")]
    )
    def test_say_how_far_behind_they_are(self, operations, state, minutes, said):
        run(state, ago=timedelta(minutes=minutes))
        assert said in text(operations.get("/staff/jobs/"))

    def test_show_what_was_parked_with_its_error_as_text(self, operations):
        now = seams.now()
        Parked.objects.create(
            id=seams.new_id(),
            source="item",
            kind="ledger.snapshot",
            business_key="ledger.snapshot:1",
            payload={},
            error="ValueError: <b>poison</b>",
            attempts=5,
            first_at=now,
            last_at=now,
        )
        page = text(operations.get("/staff/jobs/"))
        assert "&lt;b&gt;poison&lt;/b&gt;" in page
        assert "parked items" in page

    def test_send_only_their_state_when_the_page_refreshes(self, operations):
        assert "<html" not in text(operations.get("/staff/jobs/", headers={"HX-Request": "true"}))


class TestRuns:
    def test_are_listed_newest_first(self, operations):
        run(RunState.DONE, ago=timedelta(days=2))
        run(RunState.DUE, ago=timedelta(days=1))
        page = text(operations.get("/staff/jobs/ledger.snapshot/"))
        assert page.index(">Due<") < page.index(">Done<")

    def test_of_an_unknown_job_are_not_found(self, operations):
        assert operations.get("/staff/jobs/no.such/").status_code == 404
