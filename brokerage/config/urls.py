"""Which page is where. Each room brings its own routes: `staff`, `portal` and `api`, where they exist."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, include, path
from django.views.generic import RedirectView

EDGES = {"staff": "staff/", "portal": "portal/", "api": "api/v1/"}


def edges() -> list[URLResolver]:
    """One include for every `<room>.<edge>` module that has `urlpatterns`."""
    return [
        path(prefix, include(f"{room}.{edge}"))
        for room in [*settings.ROOMS, "brokerage.http"]
        for edge, prefix in EDGES.items()
        if find_spec(f"{room}.{edge}") and hasattr(import_module(f"{room}.{edge}"), "urlpatterns")
    ]


def demo(request: HttpRequest) -> dict[str, bool]:
    """Template context: whether each page must carry the demonstration banner."""
    return {"demo": settings.DEMO}


@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """Liveness: the process answers. Says nothing about the database."""
    return HttpResponse("alive\n", content_type="text/plain")


urlpatterns = [
    path("", RedirectView.as_view(url="/staff/"), name="home"),
    path("healthz", alive, name="healthz"),
    path("accounts/", include("django.contrib.auth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    *edges(),
]
