"""Attacks on the way in, by the numbers of the drill catalogue (A1 to A15)."""

import re
import time
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import path

from brokerage.access import factors, keys, lockout, sign_in
from brokerage.access.address import client_address
from brokerage.access.commands import open_client_login
from brokerage.access.commands.stays import LastFactor, add_factor, end_stays, own, remove_factor
from brokerage.access.events.logins import Ending, Factor
from brokerage.access.models import ApiKey, SignIn, User
from brokerage.access.step_up import fresh_mfa, local
from brokerage.access.tasks import note_lockouts
from brokerage.http.gate import allow_client
from brokerage.jobs import outbox
from brokerage.jobs.schedule import Run
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.models import Entry
from tests import desk
from tests.factories import context

pytestmark = pytest.mark.django_db
RUN = Run(id=uuid4(), job="access.note-lockouts", slot=seams.now(), late=False)
DOORS = {True: "/staff/login/", False: "/portal/login/"}


def with_app(user):
    """The secret of an app that the login is given here."""
    secret = factors.new_secret()
    data = {"secret": factors.sealed_secret(secret)}
    add_factor(own(user), login=user.pk, factor=Factor.TOTP, data=data, stay=None)
    return secret


def shows(secret, steps=0):
    """What the app shows so many half minutes from now."""
    return factors.code_at(secret, int(time.time()) // 30 + steps)


def password(browser, user, text=desk.PASSWORD, address="192.0.2.1", **more):
    """Send the first step."""
    form = {"username": user if isinstance(user, str) else user.username, "password": text, **more}
    staff = isinstance(user, str) or user.is_staff
    return browser.post(DOORS[staff], form, REMOTE_ADDR=address)


def code(browser, user, text, address="192.0.2.1"):
    """Send the second."""
    return browser.post(f"{DOORS[user.is_staff]}code/", {"code": text}, REMOTE_ADDR=address)


def is_in(browser, user):
    """Whether the browser may open the first page."""
    return browser.get("/staff/" if user.is_staff else "/portal/").status_code == 200


@pytest.fixture(params=[True, False], ids=["staff", "client"])
def victim(request):
    """A login of either kind, with an app."""
    user = desk.member("credit") if request.param else desk.member("client", staff=False)
    user.secret = with_app(user)
    return user


@pytest.fixture
def axes(settings):
    """Lock-out is off in tests unless they ask for it."""
    settings.AXES_ENABLED = True


class TestA1Guessing:
    def test_ten_wrong_then_right_waits(self, victim, client, axes):
        answers = [password(client, victim, "wrong").status_code for _ in range(10)]
        assert answers[:4] + answers[4:] == [200] * 4 + [429] * 6
        assert password(client, victim).status_code == 429

    def test_many_addresses_on_one_account_wait_too_but_not_where_it_is_known(self, victim, client, axes):
        password(client, victim, address="198.51.100.7")
        code(client, victim, shows(victim.secret), address="198.51.100.7")
        assert is_in(client, victim)
        stranger = Client()
        for last in range(lockout.PER_ACCOUNT):
            password(stranger, victim, "wrong", address=f"203.0.113.{last}")
        assert password(stranger, victim, address="203.0.113.99").status_code == 429
        client.post(f"{DOORS[victim.is_staff].replace('login', 'logout')}")
        assert password(client, victim, address="203.0.113.98").status_code == 302

    def test_one_try_on_many_accounts_from_one_address_waits(self, client, axes):
        answers = [password(client, f"name{n}", "wrong").status_code for n in range(lockout.PER_ADDRESS + 1)]
        assert (answers[0], answers[-1]) == (200, 429)

    def test_trying_on_does_not_prolong_the_wait(self, victim, client, axes):
        for _ in range(6):
            password(client, victim, "wrong")
        before = AccessAttempt.objects.get().attempt_time
        for _ in range(3):
            password(client, victim, "wrong")
        assert AccessAttempt.objects.get().attempt_time == before
        AccessAttempt.objects.update(attempt_time=seams.now() - timedelta(minutes=16))
        assert password(client, victim).status_code == 302

    def test_a_flood_leaves_one_event_and_one_notice(self, victim, client, axes):
        User.objects.filter(pk=victim.pk).update(email="victim@example.com")
        for _ in range(30):
            password(client, victim, "wrong")
        for _ in range(2):
            note_lockouts(RUN, [])
        told = [row.kind for row in ledger.events(victim.stream)]
        assert told.count("access.locked-out") == 1
        outbox.relay()
        assert len([letter for letter in mail.outbox if "failed" in letter.subject]) == 1

    def test_names_that_do_not_exist_leave_nothing_in_the_book(self, client, axes):
        for _ in range(8):
            password(client, "nobody", "wrong")
        note_lockouts(RUN, [])
        assert not Entry.objects.filter(command="access.lock-out").exists()

    @pytest.mark.parametrize("wrong", ["password", "code"])
    def test_where_it_is_known_waits_as_well_whatever_address_it_comes_from(self, wrong, client, axes):
        victim = desk.member("credit")
        victim.secret = with_app(victim)
        password(client, victim)
        code(client, victim, shows(victim.secret))
        client.post("/staff/logout/")

        def failed(last):
            address = f"203.0.113.{last}"
            answer = password(client, victim, "wrong" if wrong == "password" else desk.PASSWORD, address)
            return code(client, victim, "000000", address) if wrong == "code" else answer

        assert [failed(last).status_code for last in range(7)] == [200] * 4 + [429] * 3
        note_lockouts(RUN, [])
        (locked,) = (row for row in ledger.events(victim.stream) if row.kind == "access.locked-out")
        assert locked.event.codes is (wrong == "code")

    def test_one_line_of_ipv6_is_one_asker(self, victim, client, axes):
        answers = [password(client, victim, "wrong", f"2001:db8::{last}").status_code for last in range(6)]
        assert answers == [200] * 4 + [429] * 2
        assert password(client, victim, address="2001:db8:0:1::1").status_code == 302

    def test_a_changed_password_makes_every_other_browser_unknown(self, client, axes):
        victim, elsewhere = desk.member("credit"), Client()
        for browser in (client, elsewhere):
            password(browser, victim)
        client.force_login(victim)
        fresh = "quite other words entirely"
        form = {"old_password": desk.PASSWORD, "new_password1": fresh, "new_password2": fresh}
        assert client.post("/staff/password/", form).status_code == 302
        client.post("/staff/logout/")
        for last in range(lockout.PER_ACCOUNT):
            password(Client(), victim, "wrong", address=f"203.0.113.{last}")
        assert password(elsewhere, victim, fresh, address="203.0.113.98").status_code == 429
        assert password(client, victim, fresh, address="203.0.113.99").status_code == 302


class TestA2Enumeration:
    @pytest.mark.parametrize("door", DOORS.values())
    def test_every_refusal_is_the_same_page(self, door, client):
        desk.member("credit")
        desk.member("client", name="chan", staff=False)
        User.objects.create_user("gone", password=desk.PASSWORD, is_staff=True, is_active=False)
        names = {"nobody": desk.PASSWORD, "gone": desk.PASSWORD, "staff": "wrong", "chan": "wrong"}
        names["chan" if "staff" in door else "staff"] = desk.PASSWORD
        pages = {
            re.sub(r'value="[^"]*"', "", client.post(door, {"username": n, "password": p}).content.decode())
            for n, p in names.items()
        }
        assert len(pages) == 1

    def test_hashes_as_often_for_a_name_that_does_not_exist(self, client, monkeypatch):
        desk.member("credit")
        hashed = Counter()

        def counted(work, name):
            def hashes(self, *given):
                hashed[name] += 1
                return work(self, *given)

            return hashes

        for name in ("staff", "nobody"):
            with monkeypatch.context() as patch:
                for work in ("encode", "verify"):
                    patch.setattr(
                        Argon2PasswordHasher, work, counted(getattr(Argon2PasswordHasher, work), name)
                    )
                password(client, name, "wrong")
        assert hashed == {"staff": 1, "nobody": 1}

    @pytest.mark.parametrize("known", [False, True], ids=["stranger", "with a cookie of another login"])
    def test_asks_the_database_the_same_for_a_name_that_does_not_exist(self, known, axes):
        desk.member("credit")
        desk.member("auditor", name="other")
        asked = {}
        for name in ("staff", "nobody"):
            browser = Client()
            if known:
                password(browser, "other", address="198.51.100.7")
                browser.post("/staff/logout/")
            with CaptureQueriesContext(connection) as queries:
                answers = [password(browser, name, "wrong").status_code for _ in range(7)]
            assert answers == [200] * 4 + [429] * 3
            asked[name] = [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries]
            AccessAttempt.objects.all().delete()
        assert asked["staff"] == asked["nobody"]

    def test_the_second_step_shows_nothing_to_whoever_skipped_the_first(self, client):
        for door in DOORS.values():
            assert client.get(f"{door}code/")["Location"] == door


class TestA3Fixation:
    def test_each_step_gives_a_new_session(self, victim, client):
        client.session["planted"] = True
        session = client.session
        session.save()
        client.cookies["praya-session"] = session.session_key
        seen = {session.session_key}
        password(client, victim)
        seen.add(client.session.session_key)
        code(client, victim, shows(victim.secret))
        seen.add(client.session.session_key)
        page = "/staff/confirm/" if victim.is_staff else "/portal/confirm/"
        client.post(page, {"code": shows(victim.secret, 1)})
        seen.add(client.session.session_key)
        assert len(seen) == 4
        assert "planted" not in client.session


def test_a_stay_begins_with_its_entry_or_not_at_all(client):
    class Crash(BaseException):
        pass

    def die(point):
        raise Crash

    user = desk.member("client", staff=False)
    with pytest.raises(Crash), seams.using(crash=die):
        password(client, user)
    assert not SignIn.objects.exists()
    client.post(DOORS[False], {"username": "staff", "password": desk.PASSWORD}, HTTP_USER_AGENT="canary")
    assert SignIn.objects.get().device == "canary"
    assert [row.kind for row in ledger.events(user.stream)] == ["access.signed-in"]
    assert "canary" not in repr(list(Entry.objects.values())) + repr(ledger.events(user.stream))


class TestA4EndsAtOnce:
    @pytest.fixture
    def inside(self, victim, client):
        client.force_login(victim)
        assert is_in(client, victim)
        return client

    def test_by_logging_out(self, victim, inside):
        stolen = inside.cookies["praya-session"].value
        inside.post(DOORS[victim.is_staff].replace("login", "logout"))
        inside.cookies["praya-session"] = stolen
        assert not is_in(inside, victim)

    def test_by_closing_the_login(self, victim, inside):
        User.objects.filter(pk=victim.pk).update(is_active=False)
        assert not is_in(inside, victim)

    def test_by_ending_the_stay(self, victim, inside):
        end_stays(own(victim), login=victim.pk, ending=Ending.REVOKED)
        assert not is_in(inside, victim)

    def test_by_a_changed_password_elsewhere_but_not_here(self, victim, inside):
        other = Client()
        other.force_login(victim)
        fresh = "quite other words entirely"
        form = {"old_password": desk.PASSWORD, "new_password1": fresh, "new_password2": fresh}
        assert other.post(DOORS[victim.is_staff].replace("login", "password"), form).status_code == 302
        assert not is_in(inside, victim)
        assert is_in(other, victim)

    def test_by_a_new_factor_elsewhere(self, victim, inside):
        with_app(victim)
        assert not is_in(inside, victim)

    def test_by_a_role_that_is_taken(self, client):
        user = desk.member("auditor")
        client.force_login(user)
        user.groups.remove(Group.objects.get(name="auditor"))
        assert client.get("/staff/logins/").status_code == 403

    def test_a_session_without_a_stay_is_worth_nothing(self, victim, inside):
        SignIn.objects.all().delete()
        assert not is_in(inside, victim)


class TestA5TimeOuts:
    @pytest.mark.parametrize(
        ("staff", "idle", "whole"),
        [
            (True, timedelta(minutes=15), timedelta(hours=8)),
            (False, timedelta(minutes=20), timedelta(hours=8)),
        ],
    )
    def test_are_idle_and_absolute(self, staff, idle, whole, client):
        user = desk.member("credit" if staff else "client", staff=staff)
        client.force_login(user)
        SignIn.objects.update(seen_at=seams.now() - idle + timedelta(seconds=30))
        assert is_in(client, user)
        SignIn.objects.update(seen_at=seams.now() - idle - timedelta(seconds=1))
        assert not is_in(client, user)
        client.force_login(user)
        SignIn.objects.update(began_at=seams.now() - whole - timedelta(seconds=1))
        assert not is_in(client, user)

    def test_the_second_step_waits_five_minutes(self, victim, client):
        password(client, victim)
        session = client.session
        session[sign_in.PENDING]["at"] = (seams.now() - timedelta(minutes=5, seconds=1)).isoformat()
        session.save()
        assert code(client, victim, shows(victim.secret))["Location"] == DOORS[victim.is_staff]


class TestA6SecondFactor:
    def test_the_password_alone_opens_nothing(self, victim, client):
        assert password(client, victim)["Location"] == f"{DOORS[victim.is_staff]}code/"
        assert not is_in(client, victim)

    def test_a_code_is_good_once_whoever_uses_it(self, victim):
        text = shows(victim.secret)
        answers = []
        for _ in range(2):
            browser = Client()
            password(browser, victim)
            answers.append(code(browser, victim, text).status_code)
        assert answers == [302, 200]

    @pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
    def test_a_clock_may_be_off_by_one_step(self, steps, good, victim, monkeypatch):
        now = time.time() // 30 * 30 + 15
        monkeypatch.setattr(factors.time, "time", lambda: now)
        assert factors.check_code(victim, factors.code_at(victim.secret, int(now) // 30 + steps)) == good

    def test_an_older_code_is_worth_nothing_after_a_newer_one(self, victim):
        assert factors.check_code(victim, shows(victim.secret, 1))
        assert not factors.check_code(victim, shows(victim.secret))

    def test_five_tries_then_a_wait_even_with_the_password_again(self, victim, client, axes):
        password(client, victim)
        answers = [code(client, victim, "000000").status_code for _ in range(6)]
        assert answers == [200] * 4 + [429] * 2
        password(client, victim)
        assert code(client, victim, shows(victim.secret)).status_code == 429

    def test_ten_tries_in_all_from_wherever(self, victim, axes):
        for last in range(lockout.PER_ACCOUNT_CODES):
            browser, address = Client(), f"203.0.113.{last}"
            password(browser, victim, address=address)
            code(browser, victim, "000000", address=address)
        browser = Client()
        password(browser, victim, address="203.0.113.99")
        assert code(browser, victim, shows(victim.secret), address="203.0.113.99").status_code == 429

    @pytest.mark.parametrize(
        "page", ["/staff/", "/staff/margin/", "/admin/", "/staff/keys/", "/staff/logins/"]
    )
    def test_staff_without_one_reach_only_its_set_up(self, page, client):
        password(client, desk.member("operations", "compliance"))
        assert client.get(page)["Location"] == "/staff/security/"
        assert client.get("/staff/security/app/").status_code == 200
        assert client.get("/api/v1/accounts").status_code in (401, 403, 404)

    @pytest.mark.parametrize("staff", [True, False])
    def test_nobody_can_take_the_last_one_away(self, staff, client):
        user = desk.member("credit", staff=staff)
        with_app(user)
        client.force_login(user)
        face = "staff" if staff else "portal"
        answer = client.post(f"/{face}/security/remove/", {"factor": factors.of(user).app.pk}, follow=True)
        assert factors.has_any(user)
        assert "Add another second factor" in answer.content.decode()

    def test_the_last_one_is_counted_under_the_lock(self):
        user = desk.member("client", staff=False)
        with_app(user)
        key = {"name": "key", "credential": {}}
        add_factor(own(user), login=user.pk, factor=Factor.PASSKEY, data=key, stay=None)
        owned = factors.of(user)
        remove_factor(own(user), login=user.pk, factor=owned.app.pk, stay=None)
        with pytest.raises(LastFactor):
            remove_factor(own(user), login=user.pk, factor=owned.passkeys[0].pk, stay=None)

    def test_nobody_takes_away_anothers(self, client):
        user, other = desk.member("client", staff=False), desk.member("client", name="other", staff=False)
        with_app(user)
        with_app(other)
        client.force_login(other)
        client.post("/portal/security/remove/", {"factor": factors.of(user).app.pk})
        assert factors.has_any(user)

    def test_a_recovery_code_is_good_once(self, victim):
        text = factors.codes(victim)[0]
        assert [factors.check_code(victim, text) for _ in range(2)] == [True, False]

    def test_no_code_is_printed_outside_a_demonstration(self, settings):
        with_app(desk.member("credit"))
        call_command("staff", "code", "staff")
        settings.DEMO = False
        with pytest.raises(CommandError):
            call_command("staff", "code", "staff")

    @pytest.mark.parametrize(
        "text", ["", "{}", "[]", "null", '{"id": 1}', "[" * 5000, '{"response": {"userHandle": 7}}']
    )
    @pytest.mark.parametrize("door", DOORS.values())
    def test_nonsense_for_a_passkey_is_refused(self, door, text, client):
        client.get(f"{door}passkey/")
        assert client.post(f"{door}passkey/", {"credential": text}).status_code == 400


class TestA8Keys:
    def test_are_never_taken_from_the_address(self, client):
        key = ApiKey.objects.create(
            id=uuid4(),
            prefix="abcdefghij",
            scopes=["access.see_margin"],
            networks=[],
            person=uuid4(),
            expires_at=seams.now() + timedelta(days=1),
        )
        text = keys.fetch(context(maker=key.person), key.id)
        assert keys.authenticate(text, "127.0.0.1") == key
        assert client.get(f"/api/v1/accounts?key={text}&api_key={text}").status_code != 200


class TestA11Secrets:
    def test_stand_nowhere_in_the_clear(self, victim, client, caplog, axes):
        from allauth.mfa.models import Authenticator

        password(client, victim, "canary-wrong")
        password(client, victim)
        text = shows(victim.secret)
        code(client, victim, text)
        kept = repr(list(Authenticator.objects.values())) + repr(list(AccessAttempt.objects.values()))
        kept += repr(ledger.events(victim.stream)) + caplog.text
        for secret in (victim.secret, desk.PASSWORD, "canary-wrong", f"'{text}'", *factors.codes(victim)):
            assert secret not in kept


class TestA13AskingAgain:
    PAGES = ("app", "passkey", "codes", "contact")

    @pytest.mark.parametrize("page", PAGES)
    def test_before_each_change_of_the_login(self, page, victim, client):
        client.force_login(victim)
        session = client.session
        session[sign_in.CONFIRMED] = (seams.now() - timedelta(minutes=11)).isoformat()
        session.save()
        face = "staff" if victim.is_staff else "portal"
        answer = client.get(f"/{face}/security/{page}/")
        assert answer["Location"] == f"/{face}/confirm/?next=/{face}/security/{page}/"
        back = client.post(answer["Location"], {"code": shows(victim.secret)})
        assert back["Location"] == f"/{face}/security/{page}/"
        assert client.get(back["Location"]).status_code == 200

    @pytest.mark.parametrize(
        "target", ["https://evil.example", "//evil.example", "javascript:alert(1)", "\\\\evil", "evil", ""]
    )
    def test_leads_nowhere_else(self, target):
        assert local(target) == "/"

    def test_moving_value_needs_a_second_factor_even_of_a_client_who_has_none(self, client, settings):
        settings.ROOT_URLCONF = __name__
        user = desk.member("client", staff=False)
        client.force_login(user)
        session = client.session
        del session[sign_in.CONFIRMED]
        session.save()
        assert client.get("/portal/value/")["Location"] == "/portal/security/"
        secret = with_app(user)
        client.force_login(user)
        session = client.session
        session[sign_in.CONFIRMED] = (seams.now() - timedelta(minutes=6)).isoformat()
        session.save()
        asked = client.get("/portal/value/")["Location"]
        assert asked == "/portal/confirm/?next=/portal/value/"
        assert client.post(asked, {"code": shows(secret)})["Location"] == "/portal/value/"
        assert client.get("/portal/value/").content == b"moved"


class TestA15Addresses:
    @pytest.mark.parametrize(
        ("proxies", "header", "seen"),
        [
            (0, "203.0.113.9", "192.0.2.1"),
            (1, "203.0.113.9", "203.0.113.9"),
            (1, "10.0.0.1, 203.0.113.9", "203.0.113.9"),
            (2, "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
            (2, "203.0.113.9", "192.0.2.1"),
            (1, "not-an-address", "192.0.2.1"),
            (1, "", "192.0.2.1"),
            (1, "::ffff:203.0.113.9", "203.0.113.9"),
        ],
    )
    def test_only_our_own_proxies_are_believed(self, proxies, header, seen, settings):
        settings.PRAYA_PROXIES = proxies
        request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=header)
        assert client_address(request) == seen

    def test_a_forged_header_does_not_dodge_the_lock(self, victim, client, axes):
        for n in range(6):
            form = {"username": victim.username, "password": "wrong"}
            answer = client.post(DOORS[victim.is_staff], form, HTTP_X_FORWARDED_FOR=f"203.0.113.{n}")
        assert answer.status_code == 429


def test_a_login_of_one_kind_opens_no_door_of_the_other(client):
    open_client_login("chan", uuid4(), desk.PASSWORD)
    assert password(client, "chan").status_code == 200
    client.force_login(User.objects.get(username="chan"))
    assert client.get("/staff/security/").status_code == 403
    client.force_login(desk.member("credit"))
    assert client.get("/portal/security/").status_code == 403


def _value(request):
    from django.http import HttpResponse

    return HttpResponse("moved")


from brokerage.config.urls import *  # noqa: E402, F403
from brokerage.config.urls import urlpatterns as _all  # noqa: E402

urlpatterns = [*_all, path("portal/value/", allow_client(fresh_mfa(timedelta(minutes=5))(_value)))]
