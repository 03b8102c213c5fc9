"""How guessing is slowed down without handing attackers a way to keep people out.

Failures are counted by account and network together, by account, and by network, each over a quarter of an
hour that further tries do not prolong. A browser that this account was used from before is judged by what
was failed with it alone, from wherever, and a passkey cannot be guessed and is never counted: so whoever
keeps failing in somebody's name from elsewhere does not lock that person out.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core import signing
from django.db import OperationalError, connection, transaction
from django.db.models import Max, QuerySet, Sum
from django.http import HttpRequest, HttpResponseBase
from psycopg.errors import LockNotAvailable

from brokerage.ledger import seams

from .models import User

T = TypeVar("T")
PER_ACCOUNT = 20
PER_ACCOUNT_CODES = 10
PER_ADDRESS = 60
CODE = "#code"
_SALT = "access.browser"
_KEPT = 180 * 86400
_ACCOUNTS = 5


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """axes' own count, by account and browser or network, and two wider ones for browsers nobody knows."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether this try has to wait. Until the transaction ends, no other on the account is judged."""
        name = get_client_username(request, credentials) or ""
        if not _alone(name) or super().is_locked(request, credentials):
            return True
        if _known_as(request, name):
            return False
        recent = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))
        limit = PER_ACCOUNT_CODES if name.endswith(CODE) else PER_ACCOUNT
        return (
            _failures(recent.filter(username=name)) >= limit
            or _failures(recent.filter(ip_address=request.axes_ip_address)) >= PER_ADDRESS  # type: ignore[attr-defined]
        )

    def filter_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> list[QuerySet[Any]]:
        """What axes counts: failures on the account with this browser if it is known, or else from here."""
        name = get_client_username(request, credentials) or ""
        of_account = AccessAttempt.objects.filter(username=name)
        if browser := _known_as(request, name):
            return [of_account.filter(user_agent=browser)]
        return [of_account.filter(ip_address=request.axes_ip_address)]  # type: ignore[attr-defined]

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count a failure under what the browser is known as: what it calls itself is anybody's to choose."""
        if request is not None:
            known_as = _known_as(request, get_client_username(request, credentials) or "")
            request.axes_user_agent = known_as  # type: ignore[attr-defined]
        super().user_login_failed(sender, credentials, request, **kwargs)


def _alone(name: str) -> bool:
    """Whether no other transaction tries this name until the end of this one; not if it waited in vain."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))", [name])
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return False
    return True


def _failures(attempts: QuerySet[Any]) -> int:
    return attempts.aggregate(all=Sum("failures_since_start"))["all"] or 0


def try_code(request: HttpRequest, user: User, prove: Callable[[], T | None]) -> T | None:
    """What `prove` finds in a second factor of the login, if one may be tried from here now.

    Tries on one account wait for each other, so that each is judged by the count of all before it. A wrong
    one is counted, under a name of its own: no user name may hold a #. If one has to wait, nothing is
    looked at and the reply becomes a 429.
    """
    credentials = {"username": user.username + CODE}
    with transaction.atomic():
        if settings.AXES_ENABLED and not AxesProxyHandler.is_allowed(request, credentials):
            request.axes_locked_out = True  # type: ignore[attr-defined]
            return None
        proved = prove()
        if not proved:
            user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        return proved


def locked_since(since: datetime) -> dict[str, datetime]:
    """The names on which somebody has to wait for failures since then, each with its last failure.

    Nothing here asks whether there is a login of that name; that of second factors ends in CODE.
    """
    recent = AccessAttempt.objects.filter(attempt_time__gte=since)
    counts: list[tuple[QuerySet[Any], tuple[str, ...], int]] = [
        (recent, ("username", "ip_address"), settings.AXES_FAILURE_LIMIT),
        (recent.exclude(user_agent=""), ("username", "user_agent"), settings.AXES_FAILURE_LIMIT),
        (recent.exclude(username__endswith=CODE), ("username",), PER_ACCOUNT),
        (recent.filter(username__endswith=CODE), ("username",), PER_ACCOUNT_CODES),
    ]
    found: dict[str, datetime] = {}
    for rows, by, limit in counts:
        counted = rows.values(*by).annotate(failures=Sum("failures_since_start"), last=Max("attempt_time"))
        for row in counted.filter(failures__gte=limit):
            found[row["username"]] = max(row["last"], found.get(row["username"], row["last"]))
    return found


def device_cookie() -> str:
    """What the cookie is called; over https no other host and no plain page can set one of that name."""
    return "__Host-device" if settings.SECURE else "praya-device"


def is_known(request: HttpRequest, user: User) -> bool:
    """Whether this browser was let into the account under its present password, by its signed cookie."""
    return _mark(user) in _kept(request)[1:]


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Let this browser be known for the account it was just let into, until its password changes."""
    browser, *marks = _kept(request) or [seams.new_id().hex]
    others = [mark for mark in marks if mark != _mark(user)]
    response.set_cookie(
        device_cookie(),
        signing.dumps([browser, *[_mark(user), *others][:_ACCOUNTS]], salt=_SALT),
        max_age=_KEPT,
        httponly=True,
        secure=settings.SECURE,
        samesite="Lax",
    )


def _known_as(request: HttpRequest, name: str) -> str:
    """What a browser is called that the account knows; empty for any other.

    Whether the name is looked up depends on the cookie alone, so that the work tells of no name.
    """
    kept = _kept(request)
    if not kept:
        return ""
    bare = name.removesuffix(CODE)
    user = User.objects.filter(username=bare).first() or User(username=bare)
    return kept[0] if is_known(request, user) else ""


def _kept(request: HttpRequest) -> list[str]:
    """What the cookie holds: what the browser is called, and the marks of the accounts it was let into."""
    try:
        return list(signing.loads(request.COOKIES.get(device_cookie(), ""), salt=_SALT, max_age=_KEPT))
    except signing.BadSignature:
        return []


def _mark(user: User) -> str:
    """What stands for an account and its present password: without the site's key it tells neither."""
    return hashlib.sha256(f"{user.pk}:{user.get_session_auth_hash()}".encode()).hexdigest()[:16]
