"""The cookie by which a browser is known: over https no neighbour can plant it."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from brokerage.access import lockout

NAME = "mei"


def remembered() -> HttpResponse:
    """An answer that lets the browser be known for a login."""
    answer = HttpResponse()
    lockout.remember(RequestFactory().get("/"), answer, NAME)
    return answer


@pytest.mark.parametrize(("secure", "called"), [(True, "__Host-device"), (False, "praya-device")])
def test_is_bound_to_the_host_where_there_is_https(secure, called, settings):
    settings.SECURE = secure
    ((name, cookie),) = remembered().cookies.items()
    assert name == called
    assert (cookie["path"], cookie["domain"], bool(cookie["secure"])) == ("/", "", secure)
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_under_another_name_is_worth_nothing_over_https(settings):
    settings.SECURE = True
    planted = remembered().cookies["__Host-device"].value
    request = RequestFactory().get("/")
    request.COOKIES["praya-device"] = planted
    assert not lockout.is_known(request, NAME)
    request.COOKIES["__Host-device"] = planted
    assert lockout.is_known(request, NAME)
