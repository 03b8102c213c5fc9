"""The one registry of event kinds: class, schema version, upcasters and audience.

Stored rows never change. An event written under an older schema is upcast when it is read; an
event of a kind this version of the code does not know is read as `Unknown`: projections and a rebuild
stop at it with `ledger.unknown-kind`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from . import codec
from .chart import Posting


class Audience(StrEnum):
    """Who may ever see an event of the kind."""

    CLIENT = "client"
    STAFF = "staff"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Kind:
    """What the registry knows of one kind of event."""

    name: str
    cls: type
    schema: int
    audience: Audience
    reversible: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event this version of the code cannot read; its data is kept as stored."""

    kind: str
    schema: int
    data: dict[str, Any]


class Recorded(NamedTuple):
    """One event as it stands in the book."""

    seq: int
    entry: UUID
    stream: UUID
    version: int
    kind: str
    schema: int
    event: Any
    owner: UUID | None
    effective_at: datetime
    hash: bytes
    postings: tuple[Posting, ...]
    position: int | None = None

    @property
    def reference(self) -> str:
        """The event's lasting name: its stream and version."""
        return f"{self.stream}@{self.version}"


Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
_kinds: dict[str, Kind] = {}
_by_class: dict[type, Kind] = {}
_upcasters: dict[tuple[str, int], Upcaster] = {}
T = TypeVar("T")


def event(
    name: str, *, schema: int = 1, audience: Audience = Audience.STAFF, reversible: bool = False
) -> Callable[[type[T]], type[T]]:
    """Register a frozen dataclass as the current form of an event kind, such as "margin.drawn".

    `reversible` promises that every projection which follows the kind follows ledger.reversed as well;
    without it a reversal would move the balances and leave the room's read models behind. No room promises
    it yet: what is wrong today is set right by a command of its own (a withdrawal, a write-off, a waiver);
    the first will be trades, when a venue busts one.
    """

    def register(cls: type[T]) -> type[T]:
        if name in _kinds and _kinds[name].cls.__qualname__ != cls.__qualname__:
            raise ValueError(f"event kind {name} is registered twice")
        _kinds[name] = _by_class[cls] = Kind(name, cls, schema, audience, reversible)
        return cls

    return register


def upcaster(name: str, *, schema: int) -> Callable[[Upcaster], Upcaster]:
    """Register how data of `name` written under `schema` becomes data of schema + 1."""

    def register(function: Upcaster) -> Upcaster:
        _upcasters[name, schema] = function
        return function

    return register


def open_to(audiences: Collection[Audience]) -> dict[str, Kind]:
    """The kinds whose events somebody with these audiences may see, by name, in order."""
    return {name: kind for name, kind in sorted(_kinds.items()) if kind.audience in audiences}


def kind_of(cls: type) -> Kind:
    """The registered kind of an event class; raises KeyError with the class for a stranger."""
    return _by_class[cls]


def kinds() -> dict[str, Kind]:
    """All registered kinds by name."""
    return dict(_kinds)


def read(name: str, schema: int, data: dict[str, Any]) -> Any:
    """The stored data as an event of today's class, upcast as needed, or `Unknown`."""
    known = _kinds.get(name)
    if known is None or schema > known.schema:
        return Unknown(name, schema, data)
    while schema < known.schema:
        data = _upcasters[name, schema](data)
        schema += 1
    return codec.decode(known.cls, data)
