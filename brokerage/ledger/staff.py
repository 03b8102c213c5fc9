"""The ledger explorer: the book as it stands, read-only, with what proves it."""

import json
import re
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from brokerage.http.gate import allow
from brokerage.http.listing import is_live
from brokerage.http.principal import audiences, principal

from . import browse, codec, integrity, registry, seams
from .models import Seal

READ = "access.see_ledger"
REFERENCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@[0-9]{1,9}")


@allow(READ)
def explorer(request: HttpRequest) -> HttpResponse:
    """Events newest first, narrowed by kind, stream, owner or idempotency key."""
    wanted = browse.Filter(
        kind=request.GET.get("kind", ""),
        stream=_uuid(request, "stream"),
        owner=_uuid(request, "owner"),
        key=request.GET.get("key", "").strip(),
        audiences=audiences(principal(request)),
    )
    before = _reference(request, "before")
    context = {
        "page": browse.newest(wanted, before=before),
        "wanted": wanted,
        "filtered": wanted != browse.Filter(audiences=wanted.audiences),
        "newest": before is None,
        "live": before is None and is_live(request),
        "now": seams.now(),
        "kinds": list(registry.open_to(wanted.audiences)),
        "sealed_up_to": browse.sealed_up_to(wanted.audiences),
        "seal_lag_s": int(browse.seal_lag().total_seconds()),
        "span": browse.SPAN,
    }
    part = "events" if request.headers.get("HX-Request") else "explorer"
    return render(request, f"staff/ledger/{part}.html", context)


class Written(NamedTuple):
    """One event of an entry as the page shows it."""

    line: browse.Line
    fields: list[tuple[str, str]]
    seal: Seal | None
    first: int
    events: int


@allow(READ)
def entry(request: HttpRequest, entry: UUID) -> HttpResponse:
    """One accepted command: who, when, under which key; its events, postings, hashes and seal."""
    asking = audiences(principal(request))
    lines = browse.entry_lines(entry, asking)
    if not lines:
        raise Http404
    written = [_written(line, asking) for line in lines]
    context = {
        "entry": lines[0].entry,
        "written": written,
        "findings": integrity.verify_entry(entry, [line.position for line in lines if line.position]),
        "sealed": all(line.position for line in lines),
    }
    return render(request, "staff/ledger/entry.html", context)


@allow(READ)
def event(request: HttpRequest, stream: UUID, version: int) -> HttpResponse:
    """An event by its lasting name, stream@version: leads to its entry."""
    found = browse.event(f"{stream}@{version}", audiences(principal(request)))
    if found is None:
        raise Http404
    return redirect(reverse("ledger-entry", args=[found.entry]) + f"#{found.reference}")


def _written(line: browse.Line, asking: frozenset[registry.Audience]) -> Written:
    """The line with its fields, and with its seal's block as the reader counts positions."""
    seal = browse.seal_of(line.position) if line.position else None
    first, count = browse.span_of(seal, asking) if seal else (0, 0)
    return Written(line, _fields(line.event.event), seal, first, count)


def _fields(event: object) -> list[tuple[str, str]]:
    """Names and values of an event as stored; what is nested stays JSON."""
    data = event.data if isinstance(event, registry.Unknown) else codec.plain(event)
    return [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1))
        for name, value in data.items()
    ]


def _uuid(request: HttpRequest, name: str) -> UUID | None:
    text = request.GET.get(name, "").strip()
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadRequest(
            _("Stream and owner are identifiers such as 0192f3a0-0000-7000-8000-000000000000.")
        ) from error


def _reference(request: HttpRequest, name: str) -> str | None:
    text = request.GET.get(name, "")
    if text and not REFERENCE.fullmatch(text):
        raise BadRequest(_("A page is continued behind an event."))
    return text or None


urlpatterns = [
    path("ledger/", explorer, name="ledger"),
    path("ledger/entries/<uuid:entry>/", entry, name="ledger-entry"),
    path("ledger/events/<uuid:stream>@<int:version>/", event, name="ledger-event"),
]
