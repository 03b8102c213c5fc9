"""Who asks again, before something that matters: a fresh second factor, then back to where one was."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast
from urllib.parse import quote, urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from brokerage.ledger import seams

from . import factors, sign_in
from .models import User

View = Callable[..., HttpResponseBase]
WITHIN = timedelta(minutes=10)
ONWARD = "onward"
"""Where in the session stands whither somebody wanted who sets up a second factor first."""


def face(request: HttpRequest) -> str:
    """What the names of this person's pages begin with: nothing at the desk, "portal-" in the portal."""
    return face_of(cast(User, request.user).is_staff)


def face_of(for_staff: bool) -> str:
    """What the names of pages begin with for staff, and for clients."""
    return "" if for_staff else "portal-"


def is_fresh(request: HttpRequest, within: timedelta = WITHIN) -> bool:
    """Whether a second factor was shown in this session within that time."""
    shown = sign_in.confirmed_at(request)
    return shown is not None and seams.now() - shown <= within


def fresh_mfa(within: timedelta = WITHIN) -> Callable[[View], View]:
    """Guard a page that moves value: asks for a second factor unless one was shown within that time.

    Put it under the gate's mark: `allow_client(fresh_mfa(timedelta(minutes=5))(view))`. Afterwards the person
    is led back to the page; a form that was sent has to be sent again. Whoever has no second factor is led
    to the security page to set one up.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if is_fresh(request, within):
                return view(request, *args, **kwargs)
            if not factors.has_any(cast(User, request.user)):
                messages.warning(request, _("This needs a second factor. Set one up here first."))
                request.session[ONWARD] = back_to(request)
                return redirect(f"{face(request)}security")
            return ask(request)

        return guarded

    return guard


def fresh_self(view: View) -> View:
    """Guard what changes the login itself: a fresh second factor or, while there is none, the password."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        fresh = is_fresh if factors.has_any(cast(User, request.user)) else password_is_fresh
        return view(request, *args, **kwargs) if fresh(request) else ask(request)

    return guarded


def password_is_fresh(request: HttpRequest) -> bool:
    """Whether the password was given in this session within the last minutes."""
    shown = request.session.get(sign_in.PASSWORD_AT)
    return shown is not None and seams.now().timestamp() - shown <= WITHIN.total_seconds()


def note_password(request: HttpRequest) -> None:
    """Remember that the password was right just now."""
    request.session[sign_in.PASSWORD_AT] = int(seams.now().timestamp())


def ask(request: HttpRequest) -> HttpResponseBase:
    """To the page that asks again, and from there back here; a form that was sent leads to its own page."""
    page = reverse(f"{face(request)}confirm")
    return redirect(f"{page}?next={quote(back_to(request), safe='/')}")


def back_to(request: HttpRequest) -> str:
    """The page that was asked for, or from which a form was sent."""
    came_from = urlsplit(request.headers.get("Referer", "")).path
    return local(request.get_full_path() if request.method == "GET" else came_from)


def local(target: str) -> str:
    """The same address if it leads nowhere else than into this site, or the first page."""
    fine = url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    return target if fine and target.startswith("/") else "/"
