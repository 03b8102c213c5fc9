from datetime import timedelta

import pytest

from brokerage.clients import sealed
from brokerage.clients.commands.complaints import (
    acknowledge_complaint,
    answer_complaint,
    close_complaint,
    receive_complaint,
)
from brokerage.clients.queries.complaints import complaint as found
from brokerage.clients.queries.complaints import complaints, overdue
from brokerage.clients.rules.complaints import (
    BadReceiptDate,
    Channel,
    Outcome,
    OutOfTurn,
    Stage,
    Subject,
    UnknownComplaint,
)
from brokerage.ledger import seams, store
from brokerage.ledger.rebuild import rebuild
from brokerage.market.rules.calendars import hong_kong_date
from tests.factories import ClientFactory, context

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "My margin call came too late.\n我不同意。"


def received(**changes):
    wanted = {"client": ClientFactory(), "subject": Subject.MARGIN, "channel": Channel.LETTER, "text": WORDS}
    return receive_complaint(context(), **(wanted | changes)).value


@pytest.mark.rule("CMP-1")
def test_a_complaint_is_registered_with_its_dates_and_goes_its_way():
    today = hong_kong_date(seams.now())
    complaint = received()
    row = found(complaint)
    assert (row.received, row.acknowledge_by) == (today, today + timedelta(days=7))
    assert row.answer_by == today + timedelta(days=60)
    acknowledge_complaint(context(), complaint=complaint)
    answer_complaint(context(), complaint=complaint, outcome=Outcome.PARTLY, text="We refund the fee.")
    close_complaint(context(), complaint=complaint)
    row = found(complaint)
    assert (row.stage, row.outcome) == (Stage.CLOSED, Outcome.PARTLY)
    assert sealed.text(complaint, row.text) == WORDS
    assert sealed.text(complaint, row.answer) == "We refund the fee."
    assert rebuild(check=True).identical


@pytest.mark.rule("CMP-1")
def test_what_is_late_is_named_until_it_is_done():
    today = hong_kong_date(seams.now())
    complaint = received(received=today - timedelta(days=8))
    assert [row.id for row in overdue(today)] == [complaint]
    acknowledge_complaint(context(), complaint=complaint)
    assert not overdue(today)
    assert [row.id for row in overdue(today + timedelta(days=60))] == [complaint]


def test_steps_follow_one_another():
    complaint = received()
    with pytest.raises(OutOfTurn):
        close_complaint(context(), complaint=complaint)
    answer_complaint(context(), complaint=complaint, outcome=Outcome.UPHELD, text="You are right.")
    with pytest.raises(OutOfTurn):
        acknowledge_complaint(context(), complaint=complaint)


def test_a_complaint_from_the_future_is_refused():
    with pytest.raises(BadReceiptDate):
        received(received=hong_kong_date(seams.now()) + timedelta(days=1))


def test_each_client_sees_the_own_complaints_only():
    mine, theirs = ClientFactory(), ClientFactory()
    complaint = received(client=theirs)
    received(client=None)
    assert not complaints(frozenset({mine}))
    with pytest.raises(UnknownComplaint):
        found(complaint, frozenset({mine}))
    assert complaints(None).count() == 2


def test_its_words_are_sealed():
    received()
    for table in ("ledger_event", "clients_sealedtext", "clients_complaint"):
        rows = store.cursor().execute(f"SELECT t::text FROM {table} t").fetchall()
        assert not [row for row in rows if "margin call" in row[0]]
