"""The first password of a login is its owner's own choice, behind a link good once and not for long."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from brokerage.access import factors
from brokerage.access.commands import LinkSpent, choose_password, reset_login, shut_login
from brokerage.access.commands.passwords import LASTS, mark
from brokerage.access.commands.stays import add_factor, own
from brokerage.access.events.logins import Factor
from brokerage.access.letters import way_in
from brokerage.access.models import SignIn, User
from brokerage.jobs import outbox
from brokerage.jobs.models import Outbox
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.models import Event
from tests import desk
from tests.access.test_logins import by

pytestmark = pytest.mark.django_db
ADDRESS = "carol@example.com"
WORDS = "quite other words entirely"
BOTH = {"new_password1": WORDS, "new_password2": WORDS}
PAGES = {True: "/staff/choose-password/", False: "/portal/choose-password/"}


@pytest.fixture
def two():
    return desk.member("operations", name="ann"), desk.member("compliance", name="bo")


@pytest.fixture(params=[True, False], ids=["staff", "client"])
def carol(request, two):
    """A login that two others reset."""
    login = desk.member("credit" if request.param else "client", name="carol", staff=request.param)
    User.objects.filter(pk=login.pk).update(email=ADDRESS)
    return reset(login, two)


def reset(login, two):
    reset_login(by(*two), login=login.pk, reason="CASE-1")
    return User.objects.get(pk=login.pk)


def link():
    """Where the newest letter leads, within the site; None if it leads nowhere."""
    mail.outbox.clear()
    outbox.relay()
    found = [re.search(r"https?://[^/\s]+(/\S+)", each.body) for each in mail.outbox if each.to == [ADDRESS]]
    return found[-1][1] if found and found[-1] else None


class TestTheLink:
    def test_leads_to_a_password_that_opens_the_door_and_opens_nothing_itself(self, carol, client):
        way, page = link(), PAGES[carol.is_staff]
        assert way.startswith(f"{page}?token=")
        assert client.get(way)["Location"] == page
        assert 'type="password"' in client.get(page).content.decode()
        answer = client.post(page, BOTH)
        door = "/staff/login/" if carol.is_staff else "/portal/login/"
        assert (answer.status_code, answer["Location"]) == (302, door)
        assert not SignIn.objects.exists()
        assert client.post(door, {"username": "carol", "password": WORDS}).status_code == 302
        assert SignIn.objects.get().user == carol
        kinds = [row.kind for row in ledger.events(carol.stream)]
        assert kinds == ["access.factors-reset", "access.password-changed", "access.signed-in"]

    def test_is_good_once(self, carol, client):
        way, page, other = link(), PAGES[carol.is_staff], Client()
        for browser in (client, other):
            browser.get(way)
        assert client.post(page, BOTH).status_code == 302
        theirs = {"new_password1": WORDS + "!", "new_password2": WORDS + "!"}
        assert [other.post(page, theirs).status_code, Client().get(way).status_code] == [410, 410]
        assert User.objects.get(pk=carol.pk).check_password(WORDS)

    def test_lasts_four_hours_from_the_reset(self, carol, client):
        assert timedelta(hours=4) == LASTS
        now, way = seams.now(), link()
        with seams.using(clock=lambda: now + LASTS - timedelta(minutes=1)):
            assert client.get(way).status_code == 302
        with seams.using(clock=lambda: now + LASTS):
            assert client.get(way).status_code == 410
            assert client.post(PAGES[carol.is_staff], BOTH).status_code == 410
        assert not User.objects.get(pk=carol.pk).has_usable_password()

    def test_of_an_earlier_reset_is_worth_nothing(self, carol, client, two):
        earlier = link()
        reset(carol, two)
        assert client.get(earlier).status_code == 410
        assert client.get(link()).status_code == 302

    def test_of_a_login_that_was_closed_is_worth_nothing(self, carol, client, two):
        way = link()
        shut_login(by(two[0]), login=carol.pk)
        assert client.get(way).status_code == 410

    def test_is_worth_nothing_unless_the_site_signed_it(self, carol, client):
        way = link()
        for forged in (way[:-2], way.partition("token=")[0] + "token=x.y", PAGES[carol.is_staff]):
            assert client.get(forged).status_code == 410

    def test_of_one_face_opens_nothing_at_the_other(self, carol, client):
        token = link().partition("?")[2]
        client.get(f"{PAGES[not carol.is_staff]}?{token}")
        assert client.post(PAGES[not carol.is_staff], BOTH).status_code == 410

    def test_is_kept_nowhere_and_on_no_page(self, carol, client):
        way, page = link(), PAGES[carol.is_staff]
        token = way.partition("token=")[2]
        client.get(way)
        assert token not in client.get(page).content.decode()
        held = " ".join(repr(list(model.objects.values())) for model in (Outbox, Event))
        assert token not in held
        assert ADDRESS not in held

    @pytest.mark.parametrize("weak", ["short", "password1234", "111111111111"])
    def test_takes_no_password_that_does_not_hold(self, weak, carol, client):
        client.get(link())
        answer = client.post(PAGES[carol.is_staff], {"new_password1": weak, "new_password2": weak})
        assert 'role="alert"' in answer.content.decode()
        assert not User.objects.get(pk=carol.pk).has_usable_password()

    def test_leaves_second_factors_alone(self, carol, client):
        way, data = link(), {"secret": factors.sealed_secret(factors.new_secret())}
        add_factor(own(carol), login=carol.pk, factor=Factor.TOTP, data=data, stay=None)
        client.get(way)
        client.post(PAGES[carol.is_staff], BOTH)
        door = "/staff/login/" if carol.is_staff else "/portal/login/"
        answer = client.post(door, {"username": "carol", "password": WORDS})
        assert answer["Location"] == f"{door}code/"


class TestTheLetter:
    def test_is_not_sent_once_a_password_was_chosen(self, carol):
        choose_password(own(carol), login=carol.pk, seen=mark(carol), encoded="x")
        mail.outbox.clear()
        outbox.relay()
        assert [each.subject for each in mail.outbox] == ["Praya: Your password was changed"]

    def test_is_not_sent_once_its_link_would_be_too_old(self, carol):
        late = seams.now() + LASTS
        with seams.using(clock=lambda: late):
            assert link() is None


class TestChoosing:
    def test_happens_once_whoever_holds_the_same_link(self, two):
        carol = desk.member("credit", name="carol")
        User.objects.filter(pk=carol.pk).update(email=ADDRESS)
        carol = reset(carol, two)
        asked = {"login": carol.pk, "seen": mark(carol)}
        choose_password(own(carol), encoded="first", **asked)
        with pytest.raises(LinkSpent):
            choose_password(own(carol), encoded="second", **asked)
        assert User.objects.get(pk=carol.pk).password == "first"


class TestAtTheMachine:
    def test_a_new_login_has_a_link_and_another_until_its_password_is_chosen(self, client, capsys):
        call_command("staff", "add", "ada", "--person", "E-17", "--role", "credit")
        name, first = capsys.readouterr().out.split()
        ada = User.objects.get(username=name)
        assert not ada.has_usable_password()
        call_command("staff", "link", "ada")
        for way in (first, capsys.readouterr().out.strip()):
            assert client.get(way[way.index("/staff/") :]).status_code == 302
        client.post(PAGES[True], BOTH)
        assert User.objects.get(pk=ada.pk).check_password(WORDS)
        for nobody in ("ada", "eve"):
            with pytest.raises(CommandError, match="waits for its password"):
                call_command("staff", "link", nobody)

    def test_the_link_is_within_the_site(self, two, settings):
        settings.SITE = "https://desk.example"
        assert way_in(two[0]).startswith("https://desk.example/staff/choose-password/?token=")
