"""REST routes of the edge itself: the feed of events, their schemas, and what describes the API."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from brokerage.access.rules import Perm
from brokerage.ledger import registry
from brokerage.ledger.envelope import envelope, json_schema
from brokerage.ledger.registry import Audience, Kind

from . import documents, entries, feed, rest, webhook_api
from .places import Place
from .principal import audiences
from .rest import paging
from .rest.authentication import renewed
from .rest.schema import StreamSchema

LONGEST_WAIT_S = 20


class PostingOut(rest.Out):
    """A signed movement of an account, credit positive, in units of the asset; 18-place text."""

    owner = rest.Id()
    role = serializers.CharField()
    asset = rest.Code()
    amount = serializers.CharField()


class EventOut(rest.Out):
    """One envelope for every event; the schema of `data` is at event-kinds/<type>."""

    id = serializers.CharField()
    position = rest.Whole(max_value=2**62)
    type = serializers.CharField()
    schema = rest.Whole()
    stream = rest.Id()
    version = rest.Whole()
    owner = rest.Id(allow_null=True)
    entry = rest.Id()
    effective_at = rest.Instant()
    data = serializers.DictField()  # type: ignore[assignment]
    postings = PostingOut(many=True)


class EventStream(BaseRenderer):
    """Lets a reader ask for server-sent events; the view answers them itself."""

    media_type, format, charset = "text/event-stream", "stream", "utf-8"

    def render(self, data: Any, *_: Any, **__: Any) -> bytes:
        """Never asked: a stream is no rendered object."""
        raise NotImplementedError


class NoRoom(exceptions.APIException):
    """Every waiting place of this process is taken, or one by the same login or key."""

    status_code = 503
    default_detail = gettext_lazy(
        "Too many streams are open here, or one of yours; connect again in a moment."
    )
    default_code = "no-room"
    wait = 2


class Events(rest.RestView):
    """What happened, in the one order of the book.

    `after` is the position of the last event seen; `next_cursor` is what to send next. With `wait` an empty
    answer waits for an event. As text/event-stream the same events come as they are sealed: `id` is the
    position, and Last-Event-ID resumes behind it. Nothing is skipped or doubled. A login or key waits once
    at a time: a newer request ends an older one's waiting.
    """

    permission, for_clients, item = Perm.SEE_LEDGER, True, EventOut
    renderer_classes = (JSONRenderer, EventStream)
    paged = True
    schema = StreamSchema()

    class Parameters(rest.Parameters):
        """Where to go on, and what to see."""

        after = rest.Whole(required=False, max_value=2**62)
        limit = rest.Whole(required=False, min_value=1, max_value=paging.MOST, default=paging.LIMIT)
        types = rest.Text(required=False, max_length=2000)
        account = rest.Id(required=False)
        wait = rest.Whole(required=False, max_value=LONGEST_WAIT_S, default=0)

    parameters = Parameters

    def get(self, request: Request) -> HttpResponseBase:
        """A page, or a stream."""
        view = feed.window(self.asker, self._kinds(), self.asked.get("account"))
        after = self._after(request)
        if request.accepted_renderer.format == EventStream.format:
            return self._stream(view, after)
        page = feed.poll(view, after, self.asked["limit"], self.asked["wait"], self._take)
        return Response(
            {
                "data": [envelope(recorded, view.owners) for recorded in page.events],
                "next_cursor": str(page.cursor),
                "has_more": page.has_more,
            }
        )

    def _stream(self, view: feed.Window, after: int) -> HttpResponseBase:
        view.page(after, 1)  # a position that is none is refused before the stream begins
        if view.is_empty:
            return HttpResponse(status=204)  # to a browser: there is nothing to connect again for
        place = self._take()
        if place is None:
            raise NoRoom()
        lines = feed.Stream(view, after, place)
        return StreamingHttpResponse(lines, "text/event-stream", headers={"X-Accel-Buffering": "no"})

    def _take(self) -> Place | None:
        return feed.waiting.take(self.asker.actor, lambda: renewed(self.request) == self.asker)

    def _kinds(self) -> frozenset[str]:
        visible = frozenset(registry.open_to(audiences(self.asker)))
        if "types" not in self.asked:
            return visible
        wanted = frozenset(self.asked["types"].split(","))
        if not wanted <= visible:
            raise exceptions.ValidationError({"types": [_("Name kinds of event as event-kinds lists them.")]})
        return wanted

    def _after(self, request: Request) -> int:
        resumed = request.headers.get("Last-Event-ID")
        if resumed is None:
            return int(self.asked.get("after", 0))
        if not (resumed.isascii() and resumed.isdigit() and len(resumed) < 19):
            raise exceptions.ValidationError({"Last-Event-ID": [_("Send the id of the last event you saw.")]})
        return int(resumed)


class EventKindOut(rest.Out):
    """A kind of event."""

    name = serializers.CharField()
    schema = rest.Whole()
    audience = rest.Choice(Audience)
    json_schema = serializers.DictField()


class Described(NamedTuple):
    """A kind with its JSON schema."""

    name: str
    schema: int
    audience: Audience
    json_schema: dict[str, Any]


class EventKindDetail(rest.DetailView):
    """One kind of event and the JSON schema of its data."""

    permission, for_clients, item = Perm.SEE_LEDGER, True, EventKindOut

    def find(self, kind: str) -> Described:
        """The kind, if the asker may see events of it."""
        found = registry.open_to(audiences(self.asker)).get(kind)
        if found is None:
            raise Http404
        return _described(found)


class EventKinds(rest.ListView):
    """The kinds of event the asker may see, by name."""

    permission, for_clients, item, order = Perm.SEE_LEDGER, True, EventKindOut, ("name",)

    def rows(self) -> Sequence[Kind]:
        """Those of the asker's audiences."""
        return list(registry.open_to(audiences(self.asker)).values())

    def dressed(self, page: list[Any]) -> list[Any]:
        """With their schemas."""
        return [_described(kind) for kind in page]


def _described(kind: Kind) -> Described:
    return Described(kind.name, kind.schema, kind.audience, json_schema(kind))


urlpatterns = [
    path("events", Events.as_view(), name="api-events"),
    path("event-kinds", EventKinds.as_view(), name="api-event-kinds"),
    path("event-kinds/<str:kind>", EventKindDetail.as_view(), name="api-event-kind"),
    path("openapi.json", documents.OpenApi.as_view(), name="api-openapi"),
    path("docs", documents.Docs.as_view(), name="api-docs"),
    *entries.urlpatterns,
    *webhook_api.urlpatterns,
]
