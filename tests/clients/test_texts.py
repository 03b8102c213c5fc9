"""Texts about cases and complaints: their keys are replaced, and destroyed with the person they are about."""

from importlib import import_module
from uuid import UUID

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from brokerage.access import envelope
from brokerage.clients import sealed
from brokerage.clients.commands import cases, erase_person
from brokerage.clients.commands.complaints import receive_complaint
from brokerage.clients.models import Alert, Complaint, SealedText
from brokerage.clients.rules.cases import AlertGround, Closing
from brokerage.clients.rules.complaints import Channel, Subject
from brokerage.clients.rules.sealed import TextErased
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
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
    call_command("vault", "rotate", verbosity=0)
    settings.PRAYA_KEYS = FRESH


class TestRotation:
    def test_moves_the_keys_of_texts_but_none_that_was_destroyed(self, settings, capsys):
        kept, gone = sealed.keep(ABOUT, b"words"), sealed.keep(OTHER, b"words")
        sealed.destroy([OTHER])
        rotated(settings)
        assert "1 keys" in capsys.readouterr().out
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


def erased(client: UUID) -> None:
    """The client's holder asks for erasure, long after the relationship ended."""
    person = recorded()
    entitled(client, person)
    close_client(by_two(effective_at=seams.now() - LONG_AGO), client=client, reason="left")
    erase_person(by_two(), person=person, reason="request 12")


def readable(texts: list[SealedText]) -> list[bool]:
    return [_readable(each) for each in texts]


def _readable(text: SealedText) -> bool:
    try:
        return CANARY.encode() in sealed.opened(text.about, text.id)
    except TextErased:
        return False


class TestErasure:
    @pytest.mark.rule("CLI-9")
    def test_destroys_the_keys_of_every_text_about_the_client_that_is_over(self):
        client = ClientFactory()
        others, mine = said(ClientFactory()), said(client)
        assert readable(mine) == [True] * 5
        erased(client)
        assert readable(mine) == [False, False, False, True, True]
        assert readable(others) == [True] * 5

    @pytest.mark.rule("CLI-9")
    def test_comes_to_what_still_went_on_when_it_ends(self):
        client = ClientFactory()
        mine = said(client)
        erased(client)
        cases.dismiss_alert(context(), alert=mine[3].about, reason=Closing.DUPLICATE)
        assert readable(mine)[3:] == [False, True]
        today = hong_kong_date(seams.now())
        cases.report_case(context(), case=mine[4].about, number="JFIU-1", filed=today)
        assert readable(mine)[4:] == [True]
        cases.close_case(context(), case=mine[4].about)
        assert not any(readable(mine))

    def test_is_said_where_a_text_stood(self):
        client = ClientFactory()
        complaint = said(client)[0].about
        erased(client)
        asked = callers.staff("compliance")
        page = asked.http.get(f"/staff/complaints/{complaint}/").content.decode()
        assert "erased with the personal data" in page
        assert CANARY not in page
        shown = asked.get(f"complaints/{complaint}").json()["data"]
        assert shown["text"] == "(erased with the personal data)"
