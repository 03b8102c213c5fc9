"""A stranger comes to a login: the same answer for every address, one link, good once and not for long."""

import re
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from brokerage.access import joining, notices
from brokerage.access.commands import LinkSpent, ask_sign_up, sign_up
from brokerage.access.commands.passwords import LASTS
from brokerage.access.commands.sign_ups import PER_ADDRESS, TooManyLinks, by_stranger
from brokerage.access.models import SignIn, SignUp, User
from brokerage.access.rules import Role
from brokerage.access.tasks import tidy
from brokerage.config.logs import without_query
from brokerage.jobs import outbox
from brokerage.jobs.models import Outbox
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.models import Event, Refusal
from brokerage.ledger.refusal import Refused
from tests import desk
from tests.ledger.book import in_threads

pytestmark = pytest.mark.django_db
ADDRESS = "ada@example.com"
WORDS = "seven plain words make a fence"
BOTH = {"new_password1": WORDS, "new_password2": WORDS}


def ask(browser, address=ADDRESS, network="192.0.2.1"):
    """Fill in the first page."""
    return browser.post("/portal/sign-up/", {"address": address}, REMOTE_ADDR=network)


def letter():
    """The newest letter, once everything waiting was sent."""
    outbox.relay()
    return mail.outbox[-1].body


def link():
    """Where the newest letter leads, within the site."""
    return re.search(r"https?://[^/]+(/portal/join/\S+)", letter())[1]


def opened(browser, address=ADDRESS):
    """Sign up from the first page to the login."""
    ask(browser, address)
    assert browser.get(link(), follow=True).status_code == 200
    assert browser.post("/portal/join/", BOTH).status_code == 302
    return User.objects.get(username=address.lower())


class TestAStranger:
    def test_comes_to_a_clients_login_that_reaches_no_client(self, client):
        user = opened(client)
        assert {group.name for group in user.groups.all()} == {Role.CLIENT}
        assert (user.is_staff, user.rights, user.email) == (False, frozenset(), ADDRESS)
        assert user.check_password(WORDS)
        assert "Nobody yet" in client.get("/portal/").content.decode()
        assert [row.kind for row in ledger.events(user.stream)][:1] == ["access.login-opened"]

    def test_is_led_to_a_second_factor_and_from_there_to_the_application(self, client):
        ask(client)
        client.get(link())
        answer = client.post("/portal/join/", BOTH)
        assert answer["Location"] == "/portal/security/"
        assert client.session["onward"] == "/portal/apply/"
        assert "Set up a second factor next" in client.get("/portal/security/").content.decode()
        assert client.get("/portal/apply/").status_code == 200

    def test_logs_in_later_however_the_address_is_typed(self, client):
        opened(client, "Ada@Example.com")
        later = Client()
        answer = later.post("/portal/login/", {"username": "ADA@example.com", "password": WORDS})
        assert answer.status_code == 302
        assert SignIn.objects.count() == 2

    @pytest.mark.parametrize("weak", ["short", "password1234", "ada@example.com"])
    def test_chooses_a_password_that_holds(self, weak, client):
        ask(client)
        client.get(link())
        answer = client.post("/portal/join/", {"new_password1": weak, "new_password2": weak})
        assert 'role="alert"' in answer.content.decode()
        assert not User.objects.exists()

    @pytest.mark.parametrize("bad", ["", "ada", "a b@example.com", "ada'x@example.com", "ada#x@example.com"])
    def test_gives_an_address_that_can_name_a_login(self, bad, client):
        assert 'role="alert"' in ask(client, bad).content.decode()
        assert not SignUp.objects.exists()


class TestTheAnswer:
    def test_is_the_same_whether_the_address_is_known_but_the_letter_differs(self, client):
        opened(client)
        pages = [ask(Client(), address).content for address in (ADDRESS, "eve@example.com")]
        assert pages[0].replace(ADDRESS.encode(), b"eve@example.com") == pages[1]
        outbox.relay()
        known, unknown = mail.outbox[-2:]
        assert (known.to, unknown.to) == ([ADDRESS], ["eve@example.com"])
        assert "There is one already" in known.body
        assert "/portal/join/" not in known.body
        assert "/portal/join/" in unknown.body

    def test_is_the_same_for_a_login_of_staff(self, client):
        desk.member("credit", name="mei@example.com")
        assert "Look into your mail" in ask(client, "mei@example.com").content.decode()
        assert "/portal/join/" not in letter()

    def test_does_the_same_work_for_both(self, client, django_assert_num_queries):
        opened(client)
        for address in (ADDRESS, "eve@example.com"):
            before = Event.objects.count(), Outbox.objects.count()
            ask(Client(), address)
            assert (Event.objects.count(), Outbox.objects.count()) == (before[0] + 1, before[1] + 1)


class TestTheLink:
    def test_is_good_once(self, client):
        ask(client)
        way = link()
        for _ in range(2):  # a scanner of mails looks first
            assert Client().get(way, follow=True).status_code == 200
        other = Client()
        for browser in (client, other):
            browser.get(way)
        assert client.post("/portal/join/", BOTH).status_code == 302
        answer = other.post("/portal/join/", BOTH | {"new_password1": "x"})
        assert (answer.status_code, answer.content.count(b"no more use")) == (410, 2)
        assert User.objects.count() == 1
        assert Client().get(way).status_code == 410
        with pytest.raises(LinkSpent):
            sign_up(by_stranger(), asked=SignUp.objects.get().id, encoded="x")

    def test_lasts_four_hours(self, client):
        ask(client)
        way = link()
        SignUp.objects.update(expires_at=seams.now())
        assert Client().get(way).status_code == 410
        assert timedelta(hours=4) == LASTS
        with pytest.raises(LinkSpent):
            sign_up(by_stranger(), asked=SignUp.objects.get().id, encoded="x")

    def test_of_two_for_one_address_leaves_one_login(self, client):
        ask(client)
        first = link()
        opened(Client())
        client.get(first)
        assert client.post("/portal/join/", BOTH).status_code == 410
        assert User.objects.count() == 1

    @pytest.mark.parametrize("change", ["", "x", "0"])
    def test_is_worth_nothing_unless_the_site_signed_it(self, change, client):
        ask(client)
        way = link()
        forged = f"/portal/join/?token={SignUp.objects.get().id}.{change}" if change else way[:-2]
        assert client.get(forged).status_code == 410
        assert client.get("/portal/join/").status_code == 410

    def test_goes_from_the_address_at_once_and_is_in_no_page_nor_log(self, client):
        ask(client)
        way = link()
        token = way.partition("token=")[2]
        answer = client.get(way)
        assert answer["Location"] == "/portal/join/"
        page = client.get("/portal/join/")
        assert token not in page.content.decode()
        assert page["Referrer-Policy"] == "same-origin"
        assert page["Cache-Control"].count("no-store") == 1
        assert without_query(None, "", {"request": f"GET {way}"}) == {"request": "GET /portal/join/"}

    def test_is_kept_nowhere_and_the_address_nowhere_in_the_clear(self, client):
        ask(client)
        token = link().partition("token=")[2]
        rows = [SignUp, Outbox, Event]
        held = " ".join(repr(list(model.objects.values())) for model in rows)
        assert ADDRESS not in held
        assert token.partition(".")[2] not in held
        assert notices.opened_bytes(SignUp.objects.get().sealed) == ADDRESS

    def test_is_not_the_one_that_lets_another_in_before_the_owner(self, client):
        """Whoever asks in another's name chooses no password: only who reads the mail does."""
        assert b'type="password"' not in client.get("/portal/sign-up/").content

    def test_is_forgotten_once_it_is_old(self, client):
        class Tomorrow:
            slot = seams.now() + LASTS + timedelta(days=1, minutes=1)

        ask(client)
        tidy(Tomorrow, ())
        assert not SignUp.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_links_for_one_address_confirmed_at_once_open_one_login(monkeypatch):
    links = [ask_sign_up(by_stranger(), sealed=notices.sealed(ADDRESS), network="").value for _ in range(2)]
    save = User.save

    def slowly(user, **how):
        time.sleep(0.2)
        save(user, **how)

    monkeypatch.setattr(User, "save", slowly)

    def attempt(link):
        try:
            sign_up(by_stranger(), asked=link, encoded="x")
        except Refused as refused:
            return refused.code
        return "opened"

    answers = in_threads([lambda link=link: attempt(link) for link in links])
    assert sorted(answers) == ["access.name-taken", "opened"]


class TestTheLimit:
    def test_of_an_address_is_silent(self, client):
        pages = {ask(Client(), network=f"192.0.2.{n}").content for n in range(PER_ADDRESS + 2)}
        assert len(pages) == 1
        outbox.relay()
        assert len(mail.outbox) == PER_ADDRESS
        assert not Refusal.objects.exists()
        SignUp.objects.update(asked_at=seams.now() - timedelta(hours=25))
        ask(client)
        outbox.relay()
        assert len(mail.outbox) == PER_ADDRESS + 1

    def test_of_a_network_is_said(self, client, monkeypatch):
        monkeypatch.setattr(joining, "PER_NETWORK", 2)
        codes = [ask(client, f"a{n}@example.com", f"2001:db8::{n}").status_code for n in range(3)]
        assert codes == [200, 200, 429]
        assert ask(client, "b@example.com", "2001:db8:0:1::1").status_code == 200
        SignUp.objects.update(asked_at=seams.now() - timedelta(minutes=61))
        assert ask(client, "c@example.com", "2001:db8::9").status_code == 200

    def test_counts_an_asking_within_the_command(self):
        for _ in range(PER_ADDRESS):
            ask_sign_up(by_stranger(), sealed=notices.sealed(ADDRESS), network="")
        with pytest.raises(TooManyLinks):
            ask_sign_up(by_stranger(), sealed=notices.sealed(ADDRESS), network="")
