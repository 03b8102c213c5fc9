"""How often somebody may ask: requests are counted by network and by login, minute by minute.

Counted in PostgreSQL, in a table without write-ahead log, so that all web processes count together
and no other server is needed. Every reply under /api/ says what is left, in the fields of the draft
draft-ietf-httpapi-ratelimit-headers.
"""

from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import Throttled

from brokerage.access.address import client_address, network_of
from brokerage.ledger import seams

from .. import models
from . import errors

WINDOW_S = 60
_COUNT = (
    "INSERT INTO http_tally AS t (id, requests, minute) VALUES (%s, 1, %s)"
    " ON CONFLICT (id) DO UPDATE SET requests = t.requests + 1 RETURNING requests"
)


class Limit(NamedTuple):
    """What one party has left in this window, and the seconds until the next."""

    name: str
    quota: int
    left: int
    resets_s: int

    @property
    def exceeded(self) -> bool:
        """Whether this request was one too many."""
        return self.left < 0


def count(name: str, who: str, quota: int) -> Limit:
    """Count one request of somebody against a quota per window."""
    second = int(seams.now().timestamp())
    minute, gone = divmod(second, WINDOW_S)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [f"{name}:{who}:{minute}", minute])
        made = cursor.fetchone()[0]
    return Limit(name, quota, quota - made, WINDOW_S - gone)


def note(request: HttpRequest, limit: Limit) -> Limit:
    """Remember a limit for the reply's headers: the one of which least is left."""
    known: Limit | None = getattr(request, "rest_limit", None)
    if known is None or limit.left < known.left:
        request.rest_limit = limit  # type: ignore[attr-defined]
    return limit


def check(request: HttpRequest, actor: str) -> None:
    """Count a request of a login; raises Throttled beyond its quota."""
    limit = note(request, count("login", actor, settings.REST_QUOTA_LOGIN))
    if limit.exceeded:
        raise Throttled(wait=limit.resets_s)


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: counts what comes under /api/ by address, and tells on every reply what is left."""

    def handle(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith("/api/"):
            return get_response(request)
        network = network_of(client_address(request))
        limit = note(request, count("address", network, settings.REST_QUOTA_ADDRESS))
        response = refusal(request, limit) if limit.exceeded else get_response(request)
        return told(response, request.rest_limit)  # type: ignore[attr-defined]

    return handle


def refusal(request: HttpRequest, limit: Limit) -> HttpResponse:
    """429: come back in the next window."""
    wait = {"Retry-After": str(limit.resets_s)}
    return errors.problem(request, 429, "throttled", _("Wait, then go on more slowly."), headers=wait)


def told(response: HttpResponse, limit: Limit) -> HttpResponse:
    """The reply with the two header fields of the draft."""
    response["RateLimit-Policy"] = f'"{limit.name}";q={limit.quota};w={WINDOW_S}'
    response["RateLimit"] = f'"{limit.name}";r={max(limit.left, 0)};t={limit.resets_s}'
    return response


def forget() -> int:
    """Delete the tallies of past minutes; how many that were."""
    current = int(seams.now().timestamp()) // WINDOW_S
    return models.Tally.objects.filter(minute__lt=current).delete()[0]
