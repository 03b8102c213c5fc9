"""The three things a simulation must own: the clock, identifiers and crash points.

Production uses the defaults. `using(...)` replaces them for the current context (thread or task)
only, so a seeded run is deterministic and parallel tests cannot disturb one another.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid6 import uuid7


def _system_time() -> datetime:
    return datetime.now(UTC)


def _no_crash(point: str) -> None:
    """Production has no crash points."""


@dataclass(frozen=True, slots=True)
class Seams:
    """The replaceable sources of time, identity and failure."""

    clock: Callable[[], datetime] = _system_time
    ids: Callable[[], UUID] = uuid7
    crash: Callable[[str], None] = _no_crash


_PRODUCTION = Seams()
_current: ContextVar[Seams] = ContextVar("seams", default=_PRODUCTION)  # frozen, so it is safe to share


def now() -> datetime:
    """The present instant, UTC."""
    return _current.get().clock()


def new_id() -> UUID:
    """A fresh UUIDv7."""
    return _current.get().ids()


def crash_point(name: str) -> None:
    """A named place where a simulation may kill the process; does nothing in production."""
    _current.get().crash(name)


@contextmanager
def using(**seams: Any) -> Iterator[None]:
    """Replace some of clock, ids and crash inside the block."""
    token = _current.set(replace(_current.get(), **seams))
    try:
        yield
    finally:
        _current.reset(token)
