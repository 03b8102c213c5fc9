"""The API described: its OpenAPI document, pages to try it, and a short guide for language models."""

from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from . import rest
from .rest.authentication import AUTHENTICATION
from .rest.errors import handle

GUIDE = """# Praya

> The back office of a Hong Kong broker: clients, accounts, margin and one append-only ledger, over REST.

Everything is under /api/v1. Authenticate with `Authorization: Bearer praya_...`.

- Amounts are strings of plain digits; times are RFC 3339; identifiers are lower-case UUIDs.
- A write is a POST of a command with an `Idempotency-Key`: the same key gets the same answer. 202 means
  that a second person must approve it.
- Lists answer {data, next_cursor, has_more}; pass next_cursor on as cursor. Unknown parameters are refused.
- Problems are RFC 9457 documents: act on `code`, show `detail`, quote `request_id`.
- What happened is at /api/v1/events in one order: go on with after=next_cursor, or stream it.

## Documents

- [OpenAPI 3.1](/api/v1/openapi.json): every operation, with its schemas; needs a login or a key
- [Try it](/api/v1/docs): the same as pages
- [Event kinds](/api/v1/event-kinds): the JSON schema of each kind of event
"""


@cache
def _document() -> dict[str, Any]:
    generator = SchemaGenerator(api_version="v1")  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


class OpenApi(rest.RestView):
    """The OpenAPI document, for everybody who has a login or a key."""

    schema = None  # type: ignore[assignment]  # it does not describe itself

    def entitled(self) -> bool:
        """Whoever got in may read how it works."""
        return True

    def get(self, request: Request) -> Response:
        """The document."""
        return Response(_document())


class Docs(SpectacularSwaggerSplitView):
    """Swagger's pages from our own origin, without inline script, for everybody who has a login or a key."""

    schema = None
    authentication_classes = AUTHENTICATION
    permission_classes = (IsAuthenticated,)
    url_name = "api-openapi"

    def get_exception_handler(self) -> Any:
        """Problem details, for every exception."""
        return handle


@login_not_required
def llms(request: HttpRequest) -> HttpResponse:
    """What a language model needs to know first (llmstxt.org); names nothing that is not in the documents."""
    return HttpResponse(GUIDE, content_type="text/markdown; charset=utf-8")
