"""The feed: what the asker may see of the book, in the one order, by long poll or as a stream.

Waiting holds a thread of the web server, so only settings.FEED_WAITERS of a process wait at a time, each for
another login or key, and nobody in whose reach nothing can happen: a poll beyond them is answered at once,
a stream is asked to come back. Each look at the book is preceded by one at the asker: whose login, key or
right has ended reads nothing more. A stream ends after LIFE_S in any case.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string

from brokerage.access.rules import Principal
from brokerage.ledger import feed, numbering
from brokerage.ledger.envelope import envelope
from brokerage.ledger.registry import Audience

from .places import Place, Places
from .principal import audiences

LOOK_S = 0.25
HEARTBEAT_S = 10.0
LIFE_S = 60.0
STEP = 200
waiting = Places(settings.FEED_WAITERS)


@dataclass(frozen=True, slots=True)
class Window:
    """What a reader gets: events of `kinds` about `about`, with the postings of `owners`; None is all.

    Positions are those of the book for who sees the `whole` of it, and without gaps for everybody else.
    """

    kinds: frozenset[str]
    about: frozenset[UUID] | None
    owners: frozenset[UUID] | None
    whole: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in reach, whatever happens."""
        return self.about is not None and not self.about

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
        if self.is_empty:
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


def poll(view: Window, after: int, limit: int, wait_s: float, take: Callable[[], Place | None]) -> feed.Page:
    """The next page; an empty one at the head of the feed is waited with for at most `wait_s`.

    `take` gives a place to wait in, or none.
    """
    page = view.page(after, limit)
    place = None if page.events or not wait_s or view.is_empty else take()
    if place is None:
        return page
    try:
        until = time.monotonic() + wait_s
        while not page.events and time.monotonic() < until:
            if not page.has_more:
                time.sleep(LOOK_S)
            if not place.stands():
                break
            page = view.page(page.cursor, limit)
    finally:
        place.leave()
    return page


class Stream:
    """Server-sent events from a position on, for LIFE_S, or while the `place` stands; it is left at the end.

    A heartbeat carries the position looked through so far, so a narrow reader resumes there as well.
    """

    def __init__(self, view: Window, after: int, place: Place) -> None:
        self._view, self._after, self._place = view, after, place

    def __iter__(self) -> Iterator[str]:
        ends = time.monotonic() + LIFE_S
        beat = time.monotonic()
        yield "retry: 1000\n\n"
        while time.monotonic() < ends and self._place.stands():
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
        """Leave the place; the web server calls this however the stream ended."""
        self._place.leave()
