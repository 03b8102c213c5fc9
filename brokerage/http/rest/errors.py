"""How anything under /api/ says no: RFC 9457 problem details, one shape for every status."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions

from brokerage.access.rules import ConfirmationNeeded, NotEntitled
from brokerage.ledger.commands import Busy, KeyReused, NothingToDo
from brokerage.ledger.entry import Outdated, SecondPersonNeeded
from brokerage.ledger.known import UnknownPosition
from brokerage.ledger.refusal import Refused

log = structlog.get_logger(__name__)
STATUS: dict[type[Refused], int] = {
    KeyReused: 422,
    Busy: 409,
    NothingToDo: 409,
    Outdated: 412,
    NotEntitled: 403,
    ConfirmationNeeded: 403,
    SecondPersonNeeded: 403,
    UnknownPosition: 400,
}
"""The status of a refusal by its class; any other business refusal is REFUSED."""
REFUSED = 422
BUSY_AGAIN_S = 1


def status_of(refusal: Refused) -> int:
    """The status that answers a refusal."""
    return next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), REFUSED)


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> HttpResponse:
    """A problem document; `errors` point at members of the body or at parameters."""
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": f"urn:praya:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request.META.get("HTTP_X_REQUEST_ID", ""),
    }
    if errors is not None:
        body["errors"] = errors
    return JsonResponse(body, status=status, content_type="application/problem+json", headers=headers)


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """DRF's exception handler: every exception of a view as a problem; what nobody expected is a 500."""
    request: HttpRequest = context["request"]
    if isinstance(error, Refused):
        headers = {"Retry-After": str(BUSY_AGAIN_S)} if isinstance(error, Busy) else None
        return problem(request, status_of(error), error.code, _(error.message), headers=headers)
    if isinstance(error, Http404):
        return problem(request, 404, "not-found", _("There is nothing here for you."))
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.Throttled):
        error.detail = exceptions.ErrorDetail(_("Wait, then go on more slowly."), "throttled")
    if isinstance(error, exceptions.ValidationError):
        pointed = list(_pointed(error.detail))
        return problem(request, 400, "invalid", _("Correct what the errors name."), pointed)
    if isinstance(error, exceptions.APIException):
        return _of_framework(request, error)
    log.exception("request_failed")
    return broken(request)


def broken(request: HttpRequest) -> HttpResponse:
    """500, with nothing of what is inside."""
    return problem(request, 500, "broken", _("Something broke and was logged. Nothing was half done."))


def _of_framework(request: HttpRequest, error: exceptions.APIException) -> HttpResponse:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    code = str(getattr(error.detail, "code", error.default_code)).replace("_", "-")
    return problem(request, error.status_code, code, str(error.detail), headers=headers)


def _pointed(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """The errors of a serializer, each with a JSON pointer (RFC 6901) to what it is about."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            step = str(name).replace("~", "~0").replace("/", "~1")
            yield from _pointed(inner, pointer if name == "non_field_errors" else f"{pointer}/{step}")
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _pointed(inner, f"{pointer}/{index}" if nested else pointer)
    else:
        code = str(getattr(detail, "code", "invalid")).replace("_", "-")
        yield {"pointer": pointer, "code": code, "detail": str(detail)}
