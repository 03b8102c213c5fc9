"""The cookie by which a browser is known: over https no neighbour can plant it."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from brokerage.access import lockout
from brokerage.access.models import User


def remembered(user: User) -> HttpResponse:
    """An answer that lets the browser be known for a login."""
    answer = HttpResponse()
    lockout.remember(RequestFactory().get("/"), answer, user)
    return answer


def bearing(answer: HttpResponse) -> HttpRequest:
    """A request of the browser that got the answer."""
    request = RequestFactory().get("/")
    request.COOKIES |= {name: cookie.value for name, cookie in answer.cookies.items()}
    return request


@pytest.mark.parametrize(("secure", "called"), [(True, "__Host-device"), (False, "praya-device")])
def test_is_bound_to_the_host_where_there_is_https(secure, called, settings):
    settings.SECURE = secure
    ((name, cookie),) = remembered(User(username="mei")).cookies.items()
    assert name == called
    assert (cookie["path"], cookie["domain"], bool(cookie["secure"])) == ("/", "", secure)
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_under_another_name_is_worth_nothing_over_https(settings):
    settings.SECURE = True
    mei = User(username="mei", password="kept")
    planted = remembered(mei).cookies["__Host-device"].value
    request = RequestFactory().get("/")
    request.COOKIES["praya-device"] = planted
    assert not lockout.is_known(request, mei)
    request.COOKIES["__Host-device"] = planted
    assert lockout.is_known(request, mei)


def test_is_worth_nothing_for_another_account_or_after_the_password_changed():
    mei = User(pk=1, username="mei", password="kept")
    request = bearing(remembered(mei))
    assert lockout.is_known(request, mei)
    assert not lockout.is_known(request, User(pk=2, username="ho", password="kept"))
    mei.password = "another"
    assert not lockout.is_known(request, mei)


def test_names_one_browser_for_all_of_its_accounts_and_forgets_those_of_long_ago():
    users = [User(pk=number, username=f"login{number}") for number in range(7)]
    answer = remembered(users[0])
    for user in users[1:]:
        request = bearing(answer)
        answer = HttpResponse()
        lockout.remember(request, answer, user)
        assert lockout._kept(bearing(answer))[0] == lockout._kept(request)[0]
    request = bearing(answer)
    assert [lockout.is_known(request, user) for user in users] == [False] * 2 + [True] * 5
