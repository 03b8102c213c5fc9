"""Who may open which page. A page says what it asks for; one that says nothing is closed to all."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRefresh

V = TypeVar("V", bound=Callable[..., HttpResponseBase])
ADMIN_PERMISSION = "access.see_reference"


def allow(permission: str) -> Callable[[V], V]:
    """Open a desk page to staff who hold a permission such as "access.see_ledger"."""

    def mark(view: V) -> V:
        view.__dict__["permission"] = permission
        return view

    return mark


def allow_any_staff(view: V) -> V:
    """Open a page to every member of staff: one's own password, logging out, the home page."""
    return allow("")(view)


class Gate:
    """Middleware after LoginRequiredMiddleware: denies whatever `allow` did not open."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        login = resolve_url(settings.LOGIN_URL)
        if getattr(request, "htmx", False) and response.headers.get("Location", "").startswith(login):
            return HttpResponseClientRefresh()  # a part of a page must not turn into the login form
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Raise PermissionDenied unless the view is public or this person holds what it asks for."""
        if not getattr(view, "login_required", True) or getattr(view, "cls", None):
            return None  # public pages, and REST views, which carry permission classes of their own
        in_admin = request.resolver_match is not None and request.resolver_match.app_name == "admin"
        needed = ADMIN_PERMISSION if in_admin else getattr(view, "permission", None)
        user = request.user
        if needed is None or not user.is_staff or (needed and not user.has_perm(needed)):
            raise PermissionDenied
        return None
