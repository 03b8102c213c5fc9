"""Approvals over REST: a command answers 202, another person approves by digest, and keys replay."""

from typing import Any
from uuid import uuid4

import pytest

from brokerage.access.commands import Proposed, submit
from brokerage.access.models import User
from brokerage.clients.commands import change_status
from brokerage.clients.models import Client
from brokerage.clients.rules.status import ClientStatus
from brokerage.ledger import seams
from brokerage.ledger.entry import Context, Source
from tests.factories import ClientFactory
from tests.http.callers import Caller, holder_of, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def maker() -> Caller:
    return staff("operations", name="mei")


@pytest.fixture
def checker() -> Caller:
    return staff("operations-checker", name="ho")


def freeze(user: User) -> Proposed:
    """A proposal to freeze a client."""
    asked = Context(
        actor=user.actor,
        source=Source.API,
        key=str(uuid4()),
        effective_at=seams.now(),
        maker=user.person,
    )
    client = ClientFactory()
    answer = submit(asked, change_status, client=client, status=ClientStatus.FROZEN, reason="CASE-7")
    assert isinstance(answer, Proposed)
    return answer


def approve(caller: Caller, proposed: Proposed, key: str | None = None, digest: str | None = None) -> Any:
    body = {"digest": digest or proposed.digest}
    return caller.post(f"approvals/{proposed.proposal}/approve", body, key)


def test_a_list_shows_all_ones_own_or_what_waits(maker: Caller, checker: Caller) -> None:
    proposed = freeze(maker.user)
    seen = {"all": (1, 1), "mine": (1, 0), "waiting": (0, 1)}
    for show, counts in seen.items():
        answers = [caller.get(f"approvals?show={show}").json()["data"] for caller in (maker, checker)]
        assert tuple(map(len, answers)) == counts, show
    row = checker.get("approvals?state=open&command=clients.change-status").json()["data"][0]
    assert (row["id"], row["digest"], row["state"]) == (str(proposed.proposal), proposed.digest, "open")
    assert row["inputs"]["reason"] == "CASE-7"
    assert checker.get("approvals?state=expired").json()["data"] == []
    assert checker.get("approvals?show=theirs").status_code == 400


def test_another_person_approves_what_he_read_once(maker: Caller, checker: Caller) -> None:
    proposed = freeze(maker.user)
    read = checker.get(f"approvals/{proposed.proposal}").json()["data"]
    first = approve(checker, proposed, "approve-1", read["digest"])
    assert first.status_code == 200, first.content
    body = first.json()
    assert body["data"]["state"] == "approved"
    assert len(body["events"]) == 2
    again = approve(checker, proposed, "approve-1", read["digest"])
    assert (again.json(), again["Idempotency-Replayed"]) == (body, "true")
    late = approve(checker, proposed)
    assert late.json()["code"] == "access.proposal-not-open"
    assert Client.objects.get(pk=read["client"]).status == "frozen"


def test_nobody_approves_his_own_anothers_or_without_the_right(maker: Caller, checker: Caller) -> None:
    proposed = freeze(maker.user)
    assert approve(maker, proposed).json()["code"] in ("access.own-proposal", "access.not-entitled")
    assert approve(staff("auditor", name="audit"), proposed).json()["code"] == "access.not-entitled"
    assert approve(checker, proposed, digest="0" * 64).json()["code"] == "access.digest-differs"
    assert approve(checker, Proposed(uuid4(), "0" * 64, "", seams.now(), False)).status_code == 404
    client = ClientFactory()
    stranger = holder_of(client)
    assert stranger.get("approvals").status_code == 403
    assert stranger.get(f"approvals/{proposed.proposal}").status_code in (403, 404)
    assert checker.get(f"approvals/{proposed.proposal}").json()["data"]["state"] == "open"


def test_it_is_rejected_with_a_reason_or_withdrawn_by_its_maker(maker: Caller, checker: Caller) -> None:
    refused, withdrawn = freeze(maker.user), freeze(maker.user)
    no = checker.post(f"approvals/{refused.proposal}/reject", {"reason": "wrong client"})
    assert (no.status_code, no.json()["data"]["reason"]) == (200, "wrong client")
    path = f"approvals/{withdrawn.proposal}/withdraw"
    assert checker.post(path, {}).json()["code"] == "access.not-your-proposal"
    assert maker.post(path, {}).json()["data"]["state"] == "withdrawn"
