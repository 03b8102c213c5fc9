"""How guessing is slowed down without handing attackers a way to keep people out.

Failures are counted by account and address together, by account, and by address, each over a quarter of an
hour that further tries do not prolong. A browser that this account was used from before is judged by the
first count alone, and a passkey cannot be guessed and is never counted: so whoever keeps failing in
somebody's name from elsewhere does not lock that person out.
"""

import hashlib
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core import signing
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponseBase

from .address import client_address
from .commands.stays import note_lockout
from .models import User

PER_ACCOUNT = 20
PER_ACCOUNT_CODES = 10
PER_ADDRESS = 60
CODE = "#code"
_SALT = "access.device"
_KEPT = 180 * 86400
_NAMES = 5


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """axes' own counting by account and address, and two wider counts for browsers nobody knows."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether this try has to wait."""
        if super().is_locked(request, credentials):
            return True
        name = get_client_username(request, credentials) or ""
        if is_known(request, name.removesuffix(CODE)):
            return False
        recent = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))
        limit = PER_ACCOUNT_CODES if name.endswith(CODE) else PER_ACCOUNT
        return (
            _failures(recent.filter(username=name)) >= limit
            or _failures(recent.filter(ip_address=client_address(request))) >= PER_ADDRESS
        )

    def user_login_failed(
        self, sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Count a failure; when tries have to wait from now on, that is a fact about a login that exists."""
        super().user_login_failed(sender, credentials, request, **kwargs)
        name = get_client_username(request, credentials) or ""
        if request is None or not self.is_locked(request, credentials):
            return
        user = User.objects.filter(username=name.removesuffix(CODE)).first()
        if user is not None:
            note_lockout(user, codes=name.endswith(CODE))


def _failures(attempts: QuerySet[Any]) -> int:
    return attempts.aggregate(all=Sum("failures_since_start"))["all"] or 0


def may_try_code(request: HttpRequest, name: str) -> bool:
    """Whether a second factor of this account may be tried from here now; if not, the reply becomes a 429."""
    if not settings.AXES_ENABLED or AxesProxyHandler.is_allowed(request, {"username": name + CODE}):
        return True
    request.axes_locked_out = True  # type: ignore[attr-defined]
    return False


def note_wrong_code(request: HttpRequest, name: str) -> None:
    """Count a wrong second factor, under a name of its own: no user name may hold a #."""
    user_login_failed.send(sender=__name__, credentials={"username": name + CODE}, request=request)


def device_cookie() -> str:
    """What the cookie is called; over https no other host and no plain page can set one of that name."""
    return "__Host-device" if settings.SECURE else "praya-device"


def is_known(request: HttpRequest, name: str) -> bool:
    """Whether this browser was let into the account before, by its signed cookie."""
    return _digest(name) in _digests(request)


def remember(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Let this browser be known for the account it was just let into."""
    others = [digest for digest in _digests(request) if digest != _digest(name)]
    response.set_cookie(
        device_cookie(),
        signing.dumps([_digest(name), *others][:_NAMES], salt=_SALT),
        max_age=_KEPT,
        httponly=True,
        secure=settings.SECURE,
        samesite="Lax",
    )


def _digests(request: HttpRequest) -> list[str]:
    try:
        return list(signing.loads(request.COOKIES.get(device_cookie(), ""), salt=_SALT, max_age=_KEPT))
    except signing.BadSignature:
        return []


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]
