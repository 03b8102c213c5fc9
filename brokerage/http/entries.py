"""REST route of the book: one accepted command with what it wrote. The feed is the edge's own."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import path
from rest_framework import serializers

from brokerage.access.rules import Perm
from brokerage.ledger import browse
from brokerage.ledger.envelope import envelope

from . import rest
from .principal import audiences


class EntryOut(rest.Out):
    """An accepted command: who asked, when, for which business time, and the events it wrote."""

    id = rest.Id()
    command = rest.Text()
    actor = rest.Text()
    source = rest.Text()  # type: ignore[assignment]
    maker = rest.Id(allow_null=True)
    checker = rest.Id(allow_null=True)
    proposal = rest.Id(allow_null=True)
    effective_at = rest.Instant()
    recorded_at = rest.Instant()
    correlation = rest.Id(allow_null=True)
    causation = rest.Id(allow_null=True)


class WrittenOut(EntryOut):
    """An entry with its events, as envelopes; the position of one not yet sealed is null."""

    events = serializers.ListField(child=serializers.DictField())


class EntryDetail(rest.DetailView):
    """One entry with its events."""

    permission, item = Perm.SEE_LEDGER, WrittenOut

    def find(self, entry: UUID) -> list[browse.Line]:
        """The events of the entry that the asker may see."""
        lines = browse.entry_lines(entry, audiences(self.asker))
        if not lines:
            raise Http404
        return lines

    def stream(self, found: Any) -> None:
        """An entry never changes."""

    def shown(self, found: list[browse.Line]) -> dict[str, Any]:
        """The entry and the envelopes of its events."""
        events = [envelope(line.event._replace(position=line.number)) for line in found]
        return {**EntryOut(found[0].entry).data, "events": events}


urlpatterns = [path("entries/<uuid:entry>", EntryDetail.as_view(), name="api-entry")]
