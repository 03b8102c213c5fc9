"""Who waits for the feed: each holds a thread of the web server, so few wait at a time, and one an actor."""

import threading
from collections.abc import Callable

PATIENCE_S = 1.0
"""How long a newcomer waits for the same actor's older reader to notice and go; longer than feed.LOOK_S."""


class Places:
    """At most `most` places of a process, and one of them an actor's: a newer reader takes over an older's.

    An older reader that hangs in a connection nobody reads keeps its place, so no actor ever holds two.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[str, Place] = {}
        self._left = threading.Condition()

    def take(self, actor: str, lasts: Callable[[], bool]) -> "Place | None":
        """A place for as long as `lasts`; None while all are taken, or the actor's older one is kept."""
        with self._left:
            if actor in self._held:
                self._held[actor].overtaken = True
                self._left.wait_for(lambda: actor not in self._held, PATIENCE_S)
            if actor in self._held or len(self._held) >= self._most:
                return None
            place = self._held[actor] = Place(self, actor, lasts)
            return place

    def leave(self, place: "Place") -> None:
        """Give a place back; once is enough, and twice does no harm."""
        with self._left:
            if self._held.get(place.actor) is place:
                del self._held[place.actor]
                self._left.notify_all()


class Place:
    """One reader that waits."""

    def __init__(self, room: Places, actor: str, lasts: Callable[[], bool]) -> None:
        self.actor, self.overtaken = actor, False
        self._room, self._lasts = room, lasts

    def stands(self) -> bool:
        """Whether the reader may go on: not overtaken, and still let in with the same rights."""
        return not self.overtaken and self._lasts()

    def leave(self) -> None:
        """Give the place back."""
        self._room.leave(self)
