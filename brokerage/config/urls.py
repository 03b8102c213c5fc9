"""Which page is where. Each room brings its own routes: `staff`, `portal` and `api`, where they exist."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLResolver, include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from brokerage.config import approvals, client, home
from brokerage.http import documents, health, metrics, problems
from brokerage.http.gate import ADMIN_PERMISSION, allow, allow_any_login, allow_any_staff, allow_client

EDGES = {"staff": "staff/", "portal": "portal/", "api": "api/v1/"}


def edges() -> list[URLResolver]:
    """One include for every `<room>.<edge>` module that has `urlpatterns`."""
    return [
        path(prefix, include(f"{room}.{edge}"))
        for room in [*settings.ROOMS, "brokerage.http"]
        for edge, prefix in EDGES.items()
        if find_spec(f"{room}.{edge}") and hasattr(import_module(f"{room}.{edge}"), "urlpatterns")
    ]


def leave_admin(request: HttpRequest) -> HttpResponse:
    """The admin's button logs out as the desk's does: the same request goes there."""
    return redirect("logout", preserve_request=True)


def demo(request: HttpRequest) -> dict[str, bool]:
    """Template context: whether each page must carry the demonstration banner."""
    return {"demo": settings.DEMO}


own_password = allow(ADMIN_PERMISSION)(RedirectView.as_view(pattern_name="password"))
urlpatterns = [
    path("", allow_any_login(home.root), name="root"),
    *health.urlpatterns,
    *metrics.urlpatterns,
    path("llms.txt", documents.llms, name="llms"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("admin/login/", login_not_required(RedirectView.as_view(pattern_name="login")), name="admin-login"),
    path("admin/logout/", allow(ADMIN_PERMISSION)(leave_admin), name="admin-logout"),
    path("admin/password_change/", own_password, name="admin-password"),
    path("admin/password_change/done/", own_password, name="admin-password-done"),
    path("admin/", admin.site.urls),
    path("staff/", allow_any_staff(home.home), name="home"),
    path("staff/", include(approvals.urlpatterns)),
    path("staff/", include(client.urlpatterns)),
    path("portal/", allow_client(home.portal), name="portal"),
    *edges(),
]
handler400 = problems.bad_request
handler403 = problems.forbidden
handler404 = problems.not_found
handler500 = problems.broken
