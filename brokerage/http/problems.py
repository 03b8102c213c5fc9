"""Pages for what went wrong: they say what to do and name the request, never what is inside."""

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext_lazy as _

from .rest import errors

_WORDS = {
    400: (_("This request cannot be read"), _("Check the address or the form, and try again.")),
    403: (
        _("Not yours to open"),
        _("Your role does not include this page. Ask if you need it."),
    ),
    404: (_("Nothing here"), _("The address is wrong, or what it named does not exist.")),
    413: (_("Too large"), _("A file may have at most 10 MB. Send a smaller one.")),
    429: (_("Too many attempts"), _("Wait a quarter of an hour, then try again.")),
    500: (_("Something broke"), _("It has been logged. Nothing you sent was half done.")),
    503: (_("Not ready"), _("The service is starting or a part of it is down. Try again in a minute.")),
}


def page(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """The problem page of a status, with the request's identifier."""
    title, advice = _WORDS[status]
    context = {
        "title": title,
        "advice": detail or advice,
        "status": status,
        "request_id": request.META.get("HTTP_X_REQUEST_ID", ""),
    }
    return HttpResponse(loader.render_to_string("problem.html", context), status=status)


def answer(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """A problem page, or under /api/ a problem document."""
    if request.path_info.startswith("/api/"):
        _title, advice = _WORDS[status]
        code = HTTPStatus(status).phrase.lower().replace(" ", "-")
        return errors.problem(request, status, code, str(detail or advice))
    return page(request, status, detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. The text of our own BadRequest is safe to show; Django's other exceptions stay inside."""
    return answer(request, 400, str(exception) if type(exception) is BadRequest else "")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return answer(request, 404)


def broken(request: HttpRequest) -> HttpResponse:
    """500."""
    return answer(request, 500)


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token, usually one left open over a log-in or log-out."""
    return answer(
        request, 403, str(_("This form is out of date. Go back, reload the page and send it again."))
    )


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """429 after too many wrong passwords; says the same whether or not the login exists."""
    response = page(request, 429)
    response["Retry-After"] = "900"
    return response
