import re

import pytest

from brokerage.access.models import User
from tests import desk

LOGIN = "/staff/login/"


def log_in(client, name, password=desk.PASSWORD, **more):
    return client.post(LOGIN, {"username": name, "password": password, **more})


def words(answer):
    """A page's text without what differs by design: tokens and the name typed in."""
    text = answer.content.decode()
    return re.sub(r'value="[^"]*"', "", text)


class TestLogin:
    def test_opens_the_desk(self, client, db):
        desk.member("credit")
        answer = log_in(client, "staff")
        assert (answer.status_code, answer["Location"]) == (302, "/")

    def test_gives_a_new_session(self, client, db):
        desk.member("credit")
        client.session["planted"] = True
        session = client.session
        session.save()
        client.cookies["praya-session"] = session.session_key
        log_in(client, "staff")
        assert client.session.session_key != session.session_key

    def test_refuses_everybody_in_the_same_words(self, client, db):
        desk.member("credit")
        desk.member(staff=False, name="client")
        User.objects.create_user("gone", password=desk.PASSWORD, is_staff=True, is_active=False)
        pages = {
            words(log_in(client, "staff", "wrong")),
            words(log_in(client, "nobody")),
            words(log_in(client, "client")),
            words(log_in(client, "gone")),
        }
        assert len(pages) == 1
        assert "correct username and password" in pages.pop()

    @pytest.mark.parametrize(
        "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil"]
    )
    def test_leads_nowhere_else(self, target, client, db):
        desk.member("credit")
        assert log_in(client, "staff", next=target)["Location"] == "/"

    def test_locks_after_five_wrong_passwords_and_does_not_say_whose(self, client, db, settings):
        settings.AXES_ENABLED = True
        desk.member("credit")
        for name in ("staff", "nobody"):
            for _ in range(5):
                answer = log_in(client, name, "wrong")
            assert answer.status_code == 429
            assert answer["Retry-After"] == "900"
            assert log_in(client, name).status_code == 429

    def test_leaves_no_password_and_no_session_in_the_logs(self, client, db, caplog, settings):
        settings.AXES_ENABLED = True
        desk.member("credit")
        log_in(client, "staff", "canary-wrong-password")
        log_in(client, "staff")
        client.get("/staff/margin/")
        assert "request_finished" in caplog.text
        for secret in ("canary-wrong-password", desk.PASSWORD, client.session.session_key):
            assert secret not in caplog.text

    def test_elsewhere_is_not_locked_with_it(self, client, db, settings):
        settings.AXES_ENABLED = True
        desk.member("credit")
        for _ in range(6):
            log_in(client, "staff", "wrong")
        there = client.post(LOGIN, {"username": "staff", "password": desk.PASSWORD}, REMOTE_ADDR="192.0.2.7")
        assert there.status_code == 302


class TestSession:
    def test_is_worth_nothing_after_logging_out(self, client, db):
        client.force_login(desk.member("credit"))
        stolen = client.cookies["praya-session"].value
        assert client.post("/staff/logout/").status_code == 302
        client.cookies["praya-session"] = stolen
        assert client.get("/staff/").status_code == 302

    @pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
    def test_ends_when_the_login_is_closed_or_its_password_changes(self, change, client, db):
        user = desk.member("credit")
        client.force_login(user)
        User.objects.filter(pk=user.pk).update(**change)
        assert client.get("/staff/").status_code == 302


class TestPassword:
    def test_is_kept_with_argon2(self, db):
        assert desk.member().password.startswith("argon2$argon2id$")

    def test_can_be_changed_and_gives_a_new_session(self, client, db):
        client.force_login(desk.member("credit"))
        before = client.session.session_key
        fresh = "quite other words entirely"
        form = {"old_password": desk.PASSWORD, "new_password1": fresh, "new_password2": fresh}
        assert client.post("/staff/password/", form)["Location"] == "/"
        assert client.session.session_key != before
        assert client.get("/staff/").status_code == 200

    @pytest.mark.parametrize("weak", ["short", "password1234", "111111111111"])
    def test_must_be_long_and_not_well_known(self, weak, client, db):
        client.force_login(desk.member("credit"))
        form = {"old_password": desk.PASSWORD, "new_password1": weak, "new_password2": weak}
        assert client.post("/staff/password/", form).status_code == 200
