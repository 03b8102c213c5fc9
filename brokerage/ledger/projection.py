"""Read models: what the events add up to, applied in the append's own transaction and rebuildable."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db.models import Model

from .registry import Recorded

Apply = Callable[[Sequence[Recorded]], None]
M = TypeVar("M", bound=Model)


class Projection(NamedTuple):
    """One function from events to rows, the models it alone writes and the event classes it reads."""

    apply: Apply
    models: tuple[type[Model], ...]
    events: frozenset[type]


_projections: list[Projection] = []


def projection(*, models: tuple[type[Model], ...], events: Iterable[type]) -> Callable[[Apply], Apply]:
    """Register `apply(events)` as the only writer of `models`.

    It must work on any number of events at once, depend on their order within a stream only, and
    take times from events, never from a clock.
    """

    def register(apply: Apply) -> Apply:
        _projections.append(Projection(apply, models, frozenset(events)))
        return apply

    return register


def projections() -> list[Projection]:
    """All registered projections, lower rooms first."""
    return list(_projections)


def apply(events: Sequence[Recorded]) -> None:
    """Hand each projection the events it reads, in order."""
    for each in _projections:
        wanted = [item for item in events if type(item.event) in each.events]
        if wanted:
            each.apply(wanted)


def fold(
    model: type[M],
    events: Sequence[Recorded],
    evolve: Callable[[M | None, Recorded], M],
    *,
    key: Callable[[Recorded], Hashable],
) -> None:
    """Evolve one row per key through the events, in order: one read and one upsert whatever their number."""
    keys = {key(event) for event in events}
    rows: dict[Any, M] = dict(model._default_manager.in_bulk(keys))
    for event in events:
        rows[key(event)] = evolve(rows.get(key(event)), event)
    upsert(model, rows.values())


def upsert(model: type[M], rows: Iterable[M]) -> None:
    """Insert rows, or replace those whose primary key exists."""
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model._default_manager.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=[model._meta.pk.name],
        update_fields=names,
    )
