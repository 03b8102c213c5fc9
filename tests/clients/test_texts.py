"""Texts about cases and complaints: their keys are replaced, and destroyed seven years after the end."""

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from uuid import UUID

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from brokerage.access import envelope
from brokerage.clients import sealed
from brokerage.clients.commands import cases, erase_person, hold_person, release_person
from brokerage.clients.commands.complaints import answer_complaint, close_complaint, receive_complaint
from brokerage.clients.models import Alert, Complaint, SealedText
from brokerage.clients.rules.cases import AlertGround, Closing
from brokerage.clients.rules.complaints import Channel, Outcome, Subject
from brokerage.clients.rules.person import seven_years_after, seven_years_before
from brokerage.clients.rules.sealed import TextErased
from brokerage.clients.tasks import forget_texts
from brokerage.jobs.schedule import Run
from brokerage.ledger import seams
from custody.commands import close_client
from tests.clients.test_vault import CANARY, LONG_AGO, recorded
from tests.factories import CHECKER, MAKER, ClientFactory, by_two, context
from tests.http import callers
from tests.onboarding import entitled

pytestmark = pytest.mark.django_db
FRESH = f"fresh:{'q' * 43}="
ABOUT, OTHER = UUID(int=1), UUID(int=2)


def rotated(settings) -> None:
    """The installation's key is replaced, and the former one destroyed."""
    settings.PRAYA_KEYS = f"{FRESH},{settings.PRAYA_KEYS}"
    call_command("keys", "reseal", verbosity=0)
    settings.PRAYA_KEYS = FRESH


class TestRotation:
    def test_moves_the_keys_of_texts_but_none_that_was_destroyed(self, settings, capsys):
        kept, gone = sealed.keep(ABOUT, b"words"), sealed.keep(OTHER, b"words")
        sealed.destroy([OTHER])
        rotated(settings)
        assert re.search(r"cases and complaints +1\n", capsys.readouterr().out)
        assert sealed.opened(ABOUT, kept.id) == b"words"
        with pytest.raises(TextErased):
            sealed.opened(OTHER, gone.id)

    def test_finds_a_key_for_each_text_from_before_there_were_keys(self, settings, capsys):
        old, lost = UUID(int=3), UUID(int=4)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE clients_sealedtext ALTER COLUMN wrapped DROP NOT NULL")
            for id, bound in ((old, sealed.purpose(ABOUT, old)), (lost, "another purpose")):
                body = envelope.seal(bound, b"old words")
                row = "INSERT INTO clients_sealedtext (id, about, body) VALUES (%s, %s, %s)"
                cursor.execute(row, [id, ABOUT, body])
        with connection.schema_editor() as editor:
            import_module("brokerage.clients.migrations.0012_every_text_has_a_key").seal_again(apps, editor)
        assert f"text {lost}" in capsys.readouterr().out
        rotated(settings)
        assert sealed.opened(ABOUT, old) == b"old words"
        with pytest.raises(TextErased):
            sealed.opened(ABOUT, lost)
        with pytest.raises(DatabaseError, match="refused"), transaction.atomic():
            connection.cursor().execute("UPDATE clients_sealedtext SET body = ''")


def said(client: UUID) -> list[SealedText]:
    """Texts about a client: a complaint, a dismissed alert, a closed case, a waiting alert, an open case."""
    words = {"client": client, "text": f"{CANARY} came in"}
    receive_complaint(context(), **words, subject=Subject.SERVICE, channel=Channel.LETTER)
    for _ in range(4):
        cases.raise_alert(context(), **words, ground=AlertGround.STAFF)
    dismissed, first, second, waiting = Alert.objects.filter(client=client)
    cases.dismiss_alert(context(), alert=dismissed.id, reason=Closing.DUPLICATE)
    closed, going_on = (cases.open_case(context(), alert=each.id).value for each in (first, second))
    notes = [
        cases.note_case(context(), case=case, text=f"{CANARY} again").value for case in (closed, going_on)
    ]
    cases.propose_closure(context(maker=MAKER), case=closed, reason=Closing.EXPLAINED)
    cases.close_case(context(maker=CHECKER), case=closed)
    complaint = Complaint.objects.get(client=client).text
    ids = [complaint, dismissed.text, notes[0], waiting.text, notes[1]]
    return [SealedText.objects.get(pk=each) for each in ids]


def forgotten(after: timedelta) -> None:
    """The daily job runs after so long."""
    later = seams.now() + after
    with seams.using(clock=lambda: later):
        forget_texts(Run(id=seams.new_id(), job="clients.forget-texts", slot=later, late=False), ())


def readable(texts: list[SealedText]) -> list[bool]:
    return [_readable(each) for each in texts]


def _readable(text: SealedText) -> bool:
    try:
        return CANARY.encode() in sealed.opened(text.about, text.id)
    except TextErased:
        return False


SEVEN = timedelta(days=7 * 365 + 3)
"""A little more than seven years, and as much less two days."""


class TestTheTime:
    """CLI-9: texts go seven years after their own matter ended, and not by anybody's erasure."""

    @pytest.mark.rule("CLI-9")
    def test_of_a_text_ends_seven_years_after_its_matter_did(self):
        mine = said(ClientFactory())
        complaint = mine[0].about
        answer_complaint(context(), complaint=complaint, outcome=Outcome.UPHELD, text=CANARY)
        close_complaint(context(), complaint=complaint)
        stranger = receive_complaint(
            context(), client=None, subject=Subject.SERVICE, channel=Channel.LETTER, text=CANARY
        ).value
        forgotten(SEVEN - timedelta(days=3))
        assert readable(mine) == [True] * 5
        forgotten(SEVEN)
        assert readable(mine) == [False, False, False, True, True]
        unknown = SealedText.objects.get(about=stranger)
        answer_complaint(context(), complaint=stranger, outcome=Outcome.UPHELD, text=CANARY)
        close_complaint(context(), complaint=stranger)
        assert readable([unknown]) == [True]
        forgotten(SEVEN)
        assert readable([unknown]) == [False]

    @pytest.mark.rule("CLI-9")
    def test_is_not_cut_short_by_an_erasure(self):
        client, person = ClientFactory(), recorded()
        entitled(client, person)
        mine = said(client)
        close_client(by_two(effective_at=seams.now() - LONG_AGO), client=client, reason="LEFT")
        erase_person(by_two(), person=person, reason="REQUEST-12")
        cases.dismiss_alert(context(), alert=mine[3].about, reason=Closing.DUPLICATE)
        assert readable(mine) == [True] * 5

    @pytest.mark.rule("CLI-9")
    def test_stands_still_under_a_legal_hold(self):
        client, person = ClientFactory(), recorded()
        entitled(client, person)
        mine = said(client)
        hold_person(context(), person=person, reason="CASE-9")
        forgotten(SEVEN)
        assert readable(mine) == [True] * 5
        release_person(context(), person=person, hold="CASE-9", reason="CASE-9")
        forgotten(SEVEN)
        assert not readable(mine)[1]

    def test_that_has_passed_is_said_where_a_text_stood(self):
        complaint = said(ClientFactory())[0].about
        sealed.destroy([complaint])
        asked = callers.staff("compliance")
        page = asked.http.get(f"/staff/complaints/{complaint}/").content.decode()
        assert "erased after the time for keeping records" in page
        assert CANARY not in page
        shown = asked.get(f"complaints/{complaint}").json()["data"]
        assert shown["text"] == "(erased after the time for keeping records)"


@pytest.mark.rule("CLI-9")
def test_what_ended_on_a_leap_day_is_kept_seven_whole_years():
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)
    for at in (datetime(2031, 2, 28, 23, tzinfo=UTC), datetime(2031, 3, 1, 13, tzinfo=UTC)):
        assert (leap <= seven_years_before(at)) is (seven_years_after(leap) <= at)
    assert seven_years_before(datetime(2032, 2, 29, tzinfo=UTC)) == datetime(2025, 2, 28, tzinfo=UTC)
