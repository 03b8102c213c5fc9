"""Who may open which page. A page says what it asks for; one that says nothing is closed to all."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRefresh

from brokerage.access import sign_in

V = TypeVar("V", bound=Callable[..., HttpResponseBase])
ADMIN_PERMISSION = "access.see_reference"
PORTAL_LOGIN = "portal-login"


def _marked(view: V, **marks: Any) -> V:
    """The same view under its own marks: what is open at the desk is not open in the portal by that."""

    @wraps(view)
    def page(*args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(*args, **kwargs)

    page.__dict__.update(marks)
    return cast(V, page)


def allow(permission: str) -> Callable[[V], V]:
    """Open a desk page to staff who hold a permission such as "access.see_ledger"."""
    return partial(_marked, permission=permission)


def allow_any_staff(view: V) -> V:
    """Open a page to every member of staff: one's own password, logging out, the home page."""
    return allow("")(view)


def allow_client(view: V) -> V:
    """Open a portal page to clients' logins, and to nobody of the staff.

    Whose objects the page may show is for `principal(request).clients` to say.
    """
    return _marked(view, for_clients=True, login_url=PORTAL_LOGIN)


def allow_any_login(view: V) -> V:
    """Open a page to every login, of staff or of a client: the way to its own first page."""
    return _marked(view, for_clients=True, permission="")


def before_factor(view: V) -> V:
    """Open a page even to staff who have shown no second factor: it is needed to set one up, or to leave."""
    return _marked(view, before_factor=True)


class Gate:
    """Middleware after LoginRequiredMiddleware: denies whatever `allow` did not open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        logins = (resolve_url(settings.LOGIN_URL), resolve_url(PORTAL_LOGIN))
        if getattr(request, "htmx", False) and response.headers.get("Location", "").startswith(logins):
            return HttpResponseClientRefresh()  # a part of a page must not turn into the login form
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Raise PermissionDenied unless the view is public or this person holds what it asks for."""
        is_rest = bool(getattr(view, "cls", None))
        if not is_rest and not getattr(view, "login_required", True):
            return None
        if _unproven(request) and not getattr(view, "before_factor", False):
            if is_rest or request.method != "GET":
                raise PermissionDenied
            return redirect("security")
        if not is_rest:  # REST views ask for themselves: rest.RestView.check_permissions
            _check_entitled(request, view)
        return None


def _unproven(request: HttpRequest) -> bool:
    """Whether a member of staff has shown no second factor: such a login opens nothing but its own set-up."""
    user = request.user
    return user.is_authenticated and user.is_staff and sign_in.confirmed_at(request) is None


def _check_entitled(request: HttpRequest, view: Callable[..., Any]) -> None:
    user = request.user
    if not user.is_staff:
        if not getattr(view, "for_clients", False):
            raise PermissionDenied
        return
    in_admin = request.resolver_match is not None and request.resolver_match.app_name == "admin"
    needed = ADMIN_PERMISSION if in_admin else getattr(view, "permission", None)
    if needed is None or (needed and not user.has_perm(needed)):
        raise PermissionDenied
