"""What every request carries and every reply says, whichever page it is."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from brokerage.ledger import seams

_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_STARTED, _SEEN = "started_at", "seen_at"
_SEEN_STEP = timedelta(minutes=1)  # a session is written at most this often
GetResponse = Callable[[HttpRequest], HttpResponse]
HEADERS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def request_id(get_response: GetResponse) -> GetResponse:
    """Middleware: one identifier from the proxy or of our own, in the logs, on error pages, in the reply."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not _USABLE_ID.fullmatch(request.META.get("HTTP_X_REQUEST_ID", "")):
            request.META["HTTP_X_REQUEST_ID"] = str(seams.new_id())
        response = get_response(request)
        response["X-Request-ID"] = request.META["HTTP_X_REQUEST_ID"]
        return response

    return handle


def headers(get_response: GetResponse) -> GetResponse:
    """Middleware: what a browser may use, and that no page with figures is kept in any cache."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return handle


def session_limits(get_response: GetResponse) -> GetResponse:
    """Middleware: ends a session after STAFF_IDLE without a person, or STAFF_SESSION in all.

    A page that refreshes itself says so in X-Background and does not count as a person.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = seams.now()
            if _over(request, now):
                auth.logout(request)
            elif "X-Background" not in request.headers and _age(request, _SEEN, now) >= _SEEN_STEP:
                request.session[_SEEN] = now.isoformat()
                request.session.setdefault(_STARTED, now.isoformat())
        return get_response(request)

    return handle


def _over(request: HttpRequest, now: datetime) -> bool:
    """Whether the session, which has just begun if it bears no times, is past either limit."""
    if _STARTED not in request.session:
        return False
    return (
        _age(request, _SEEN, now) > settings.STAFF_IDLE
        or _age(request, _STARTED, now) > settings.STAFF_SESSION
    )


def _age(request: HttpRequest, name: str, now: datetime) -> timedelta:
    noted = request.session.get(name)
    return now - datetime.fromisoformat(noted) if noted else timedelta.max
