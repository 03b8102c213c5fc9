"""The feed: what the asker may see of the book, in the one order, by long poll or as a stream.

Waiting holds a thread of the web server, so only settings.FEED_WAITERS of a process wait at a time: a
poll beyond them is answered at once, a stream is asked to come back. A stream ends after LIFE_S, and
whoever reconnects is checked again; so a right taken away ends a stream within that time.
"""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from brokerage.access.rules import Principal
from brokerage.ledger import feed, numbering, registry
from brokerage.ledger.envelope import envelope
from brokerage.ledger.registry import Audience, Kind

from .principal import audiences

LOOK_S = 0.25
HEARTBEAT_S = 10.0
LIFE_S = 60.0
STEP = 200
waiting = threading.BoundedSemaphore(settings.FEED_WAITERS)


def visible_kinds(asker: Principal) -> dict[str, Kind]:
    """The kinds of event the principal may see, by name."""
    seen = audiences(asker)
    return {name: kind for name, kind in sorted(registry.kinds().items()) if kind.audience in seen}


@dataclass(frozen=True, slots=True)
class Window:
    """What a reader gets: events of `kinds` about `about`, with the postings of `owners`; None is all.

    Positions are those of the book for who sees the `whole` of it, and without gaps for everybody else.
    """

    kinds: frozenset[str]
    about: frozenset[UUID] | None
    owners: frozenset[UUID] | None
    whole: bool

    def page(self, after: int, limit: int) -> feed.Page:
        """One bounded step; raises UnknownPosition."""
        if self.whole:
            return self._page(after, limit)
        found = self._page(numbering.position(after), limit)
        seen = [each.position for each in found.events if each.position is not None]
        head = feed.head()
        told = numbering.numbers([*seen, found.cursor, head])
        events = [each._replace(position=told[each.position or 0]) for each in found.events]
        return feed.Page(events, told[found.cursor], told[found.cursor] < told[head])

    def _page(self, after: int, limit: int) -> feed.Page:
        if self.about is not None and not self.about:
            last = feed.head()
            return feed.Page([], max(after, last), False)
        return feed.page(after, limit, kinds=self.kinds, about=self.about)


def window(asker: Principal, kinds: frozenset[str], account: UUID | None) -> Window:
    """The window of a principal: a client's holds his own affairs only, whatever he asks for."""
    owners = None if asker.clients is None else import_string(settings.FEED_OWNERS)(asker.clients)
    about = owners
    if account is not None:
        about = frozenset({account}) if owners is None else owners & {account}
    return Window(kinds, about, owners, Audience.RESTRICTED in audiences(asker))


def poll(view: Window, after: int, limit: int, wait_s: float) -> feed.Page:
    """The next page; an empty one at the head of the feed is waited with for at most `wait_s`."""
    page = view.page(after, limit)
    if page.events or not wait_s or not waiting.acquire(blocking=False):
        return page
    try:
        until = time.monotonic() + wait_s
        while not page.events and (page.has_more or time.monotonic() < until):
            if not page.has_more:
                time.sleep(LOOK_S)
            page = view.page(page.cursor, limit)
    finally:
        waiting.release()
    return page


class Stream:
    """Server-sent events from a position on, for LIFE_S; `waiting` was acquired and is released at the end.

    A heartbeat carries the position looked through so far, so a narrow reader resumes there as well.
    """

    def __init__(self, view: Window, after: int) -> None:
        self._view, self._after = view, after
        self._held = True

    def __iter__(self) -> Iterator[str]:
        ends = time.monotonic() + LIFE_S
        beat = time.monotonic()
        yield "retry: 1000\n\n"
        while time.monotonic() < ends:
            page = self._view.page(self._after, STEP)
            for recorded in page.events:
                data = json.dumps(envelope(recorded, self._view.owners), ensure_ascii=False)
                yield f"id: {recorded.position}\nevent: {recorded.kind}\ndata: {data}\n\n"
            moved, self._after = page.cursor != self._after, page.cursor
            if page.events or time.monotonic() - beat >= HEARTBEAT_S:
                beat = time.monotonic()
                yield f"id: {self._after}\n\n"
            if not moved:
                time.sleep(LOOK_S)

    def close(self) -> None:
        """Give the waiting place back, once; the web server calls this however the stream ended."""
        if self._held:
            self._held = False
            waiting.release()
