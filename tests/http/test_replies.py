"""Answers that are kept for a day: sealed as everything else is, and each for its own key."""

from datetime import timedelta

import pytest

from brokerage.access import envelope, resealing
from brokerage.http.models import Reply
from brokerage.http.rest import replies
from brokerage.http.rest.replies import Answer
from brokerage.ledger import seams

pytestmark = pytest.mark.django_db
ANSWER = Answer(200, {"data": {"name": "canary"}})
NEW = f"fresh:{'q' * 43}="


def test_is_given_again_and_is_unreadable_in_its_row() -> None:
    assert replies.keep("staff:mei:k", ANSWER) == ANSWER
    assert replies.given("staff:mei:k") == ANSWER
    assert replies.given("staff:mei:other") is None
    row = Reply.objects.get()
    assert b"canary" not in bytes(row.body)
    assert envelope.key_of(bytes(row.body)) == envelope.newest_key()


def test_of_a_key_is_never_anothers() -> None:
    replies.keep("one", ANSWER)
    replies.keep("two", Answer(201, {"data": {}}))
    Reply.objects.filter(status=201).update(body=Reply.objects.get(status=200).body)
    assert replies.given("two") is None


def test_stays_the_first() -> None:
    later = Answer(200, {"data": {}})
    replies.keep("one", ANSWER)
    assert replies.keep("one", later) == later
    assert replies.given("one") == ANSWER


def test_is_not_kept_once_its_key_is_gone_and_no_resealing_waits_for_it(settings) -> None:
    replies.keep("one", ANSWER)
    settings.PRAYA_KEYS = f"{NEW},{settings.PRAYA_KEYS}"
    assert replies.given("one") == ANSWER
    assert not any(resealing.waiting().values())
    settings.PRAYA_KEYS = NEW
    assert replies.given("one") is None


@pytest.mark.parametrize("body", [b"", b"gAAAAABk", b"\x01\x04gone"])
def test_that_cannot_be_read_counts_as_not_kept(body: bytes) -> None:
    replies.keep("one", ANSWER)
    Reply.objects.update(body=body)
    assert replies.given("one") is None


def test_is_forgotten_after_a_day() -> None:
    replies.keep("one", ANSWER)
    with seams.using(clock=lambda: Reply.objects.get().made_at + replies.KEPT + timedelta(seconds=1)):
        assert replies.forget() == 1
    assert replies.given("one") is None
