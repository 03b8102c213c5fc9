"""What is good once is good once, and what is counted is counted, when several ask at the same time."""

import time
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client, RequestFactory

from brokerage.access import factors, lockout
from brokerage.access.commands.stays import add_factor, own
from brokerage.access.events.logins import Factor
from brokerage.access.models import User
from tests import desk
from tests.ledger.book import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner() -> User:
    """A login with an app, and so with recovery codes."""
    user = desk.member("credit")
    data = {"secret": factors.sealed_secret(factors.new_secret())}
    add_factor(own(user), login=user.pk, factor=Factor.TOTP, data=data, stay=None)
    return user


def slowly_and_unlocked(codes: RecoveryCodes, code: str) -> bool:
    """allauth's check as if it took no lock of its own: looks, waits, and marks what it saw."""
    unused = codes.get_unused_codes()
    time.sleep(0.3)
    if code not in unused:
        return False
    codes._mark_code_used(codes.generate_codes().index(code))
    return True


def test_a_recovery_code_used_by_two_at_once(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecoveryCodes, "validate_code", slowly_and_unlocked)
    text = factors.codes(owner)[0]
    answers = in_threads([lambda: factors.check_code(owner, text)] * 2)
    assert sorted(answers) == [False, True]
    assert text not in factors.codes(owner)


def test_two_recovery_codes_used_at_once_are_both_used_up(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RecoveryCodes, "validate_code", slowly_and_unlocked)
    one, other, *left = factors.codes(owner)
    answers = in_threads([lambda: factors.check_code(owner, one), lambda: factors.check_code(owner, other)])
    assert answers == [True, True]
    assert factors.codes(owner) == left


def test_a_code_of_the_app_used_by_two_at_once(owner: User) -> None:
    text = factors.next_code(owner)
    assert text is not None
    assert sorted(in_threads([lambda: factors.check_code(owner, text)] * 2)) == [False, True]


def test_eight_wrong_codes_at_once_are_judged_one_after_the_other(owner: User, settings: Any) -> None:
    settings.AXES_ENABLED = True
    looked: list[int] = []

    def wrong() -> None:
        looked.append(1)
        time.sleep(0.2)

    def guess() -> object:
        return lockout.try_code(RequestFactory().post("/", REMOTE_ADDR="192.0.2.1"), owner, wrong)

    assert in_threads([guess] * 8) == [None] * 8
    assert 1 <= len(looked) <= settings.AXES_FAILURE_LIMIT


def test_eight_wrong_passwords_at_once_are_judged_one_after_the_other(
    owner: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AXES_ENABLED = True
    verify, looked = Argon2PasswordHasher.verify, []

    def slowly(*given: str) -> bool:
        looked.append(1)
        time.sleep(0.2)
        return verify(*given)

    monkeypatch.setattr(Argon2PasswordHasher, "verify", slowly)
    form = {"username": owner.username, "password": "wrong"}
    answers = in_threads([lambda: Client().post("/staff/login/", form).status_code] * 8)
    assert set(answers) <= {200, 429}
    assert answers.count(200) < settings.AXES_FAILURE_LIMIT
    assert 1 <= len(looked) <= settings.AXES_FAILURE_LIMIT
