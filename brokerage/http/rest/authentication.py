"""Who asks: a machine by its API key in the Authorization header, or a browser by its session."""

from dataclasses import dataclass
from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from brokerage.access import keys, sign_in
from brokerage.access.address import client_address
from brokerage.access.models import ApiKey, User
from brokerage.access.rules import Principal

from ..principal import principal

CHALLENGE = 'Bearer realm="api"'


@dataclass(frozen=True, slots=True)
class Machine:
    """What stands in request.user behind an API key; its rights are the key's alone."""

    pk: str
    is_authenticated: bool = True
    is_active: bool = True
    is_staff: bool = False


class Key(BaseAuthentication):
    """`Authorization: Bearer praya_...`; a key anywhere else, the address above all, is none."""

    def authenticate(self, request: Request) -> tuple[Machine, ApiKey] | None:
        """The machine and its key; None without the header. Raises AuthenticationFailed for a wrong key."""
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = keys.authenticate(text.strip(), client_address(request._request))
        if key is None:
            raise AuthenticationFailed(_("This key is unknown, out of date or not meant for this address."))
        return Machine(str(key.id)), key

    def authenticate_header(self, request: Request) -> str:
        """What a stranger is told to send, so that the answer is 401."""
        return CHALLENGE


class Session(SessionAuthentication):
    """The login of a browser; unsafe methods need the CSRF token."""


def renewed(request: Request) -> Principal | None:
    """Who asks, read anew from the key or the login that the request came with; None once that has ended."""
    if isinstance(request.auth, ApiKey):
        try:
            Key().authenticate(request)
        except AuthenticationFailed:
            return None
        return principal(request)
    user = User.objects.filter(id=cast(User, request.user).id, is_active=True).first()
    if user is None or not sign_in.is_alive(request._request, user, in_person=False):
        return None
    request.user = user
    return principal(request)


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document tells of keys."""

    target_class, name = Key, "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "praya_<prefix>_<secret>"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document tells of sessions."""

    target_class, name = Session, "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The session's cookie; with an unsafe method the CSRF token goes into X-CSRFToken."""
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


AUTHENTICATION = (Key, Session)
