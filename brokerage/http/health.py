"""Is the process alive, and can it do its work? Plain answers for machines; no detail for strangers."""

from collections.abc import Callable
from datetime import timedelta

import structlog
from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from brokerage.ledger import browse

log = structlog.get_logger(__name__)
SEAL_LATE = timedelta(seconds=60)


@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """Liveness: the process answers. Says nothing about the database."""
    return HttpResponse("alive\n", content_type="text/plain")


@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Readiness: 200 when database, sealer and broker all answer in time, otherwise 503 and which do not."""
    states = {name: _state(name, check) for name, check in CHECKS.items()}
    fine = all(state == "ok" for state in states.values())
    return JsonResponse({"ready": fine, **states}, status=200 if fine else 503)


def _state(name: str, check: Callable[[], bool]) -> str:
    try:
        return "ok" if check() else "late"
    except Exception:  # whatever a driver raises, the answer is that this part is down
        log.warning("not_ready", part=name, exc_info=True)
        return "down"


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _sealer() -> bool:
    return browse.seal_lag() <= SEAL_LATE


def _broker() -> bool:
    with current_app.connection_for_write() as link:
        link.ensure_connection(max_retries=1, timeout=2)
        return bool(link.connected)


CHECKS: dict[str, Callable[[], bool]] = {"database": _database, "sealer": _sealer, "broker": _broker}
urlpatterns = [path("healthz", alive, name="healthz"), path("readyz", ready, name="readyz")]
