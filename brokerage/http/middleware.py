"""What every request carries and every reply says, whichever page it is."""

import re
from collections.abc import Callable

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from brokerage.access import sign_in
from brokerage.access.models import User
from brokerage.ledger import seams

from . import problems

_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
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


def body_limit(get_response: GetResponse) -> GetResponse:
    """Middleware: a body beyond the largest upload is refused by its announced length, unread."""

    def handle(request: HttpRequest) -> HttpResponse:
        announced = str(request.META.get("CONTENT_LENGTH") or "0")
        if announced.isdecimal() and int(announced) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
            return problems.answer(request, 413)
        return get_response(request)

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
    """Middleware: a session ends with its stay: revoked, idle, or over its time in all.

    A page that refreshes itself says so in X-Background and does not count as a person.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and not sign_in.is_alive(
            request, user, in_person="X-Background" not in request.headers
        ):
            auth.logout(request)
        return get_response(request)

    return handle
