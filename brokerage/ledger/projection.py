"""Read models: what the events add up to, applied in the append's own transaction and rebuildable."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from django.db.models import Field, JSONField, Model
from psycopg import sql

from . import codec, store
from .refusal import Refused
from .registry import Recorded, Unknown

Apply = Callable[[Sequence[Recorded]], None]
M = TypeVar("M", bound=Model)


class UnknownKind(Refused):
    """An event whose kind or schema this version of the code does not know."""

    code = "ledger.unknown-kind"


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
    """Hand each projection the events it reads, in order.

    Raises UnknownKind for an event this version of the code cannot read: rows without it would be wrong.
    """
    for item in events:
        if isinstance(item.event, Unknown):
            raise UnknownKind(
                f"This code cannot read {item.reference} ({item.kind}, schema {item.schema});"
                " run the version that wrote it, or a newer one.",
                event=item.reference,
                kind=item.kind,
                schema=item.schema,
            )
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
    """Insert rows, or replace those whose primary key exists: one statement with a column per array.

    Django's bulk_create does the same with a parameter per value, in twice the time.
    """
    rows = list(rows)
    if not rows:
        return
    fields = model._meta.concrete_fields
    names = [sql.Identifier(str(field.column)) for field in fields]
    arrays = [sql.SQL("%s::{}[]").format(sql.SQL(_array_type(field))) for field in fields]
    selected = [
        sql.SQL("{}::jsonb").format(name) if isinstance(field, JSONField) else name
        for name, field in zip(names, fields, strict=True)
    ]
    replaced = [
        sql.SQL("{0} = excluded.{0}").format(name)
        for name, field in zip(names, fields, strict=True)
        if not field.primary_key
    ]
    statement = sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {selected} FROM unnest({arrays}) AS given ({names})"
        " ON CONFLICT ({key}) DO UPDATE SET {replaced}"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        names=sql.SQL(", ").join(names),
        selected=sql.SQL(", ").join(selected),
        arrays=sql.SQL(", ").join(arrays),
        key=sql.Identifier(str(model._meta.pk.column)),
        replaced=sql.SQL(", ").join(replaced),
    )
    store.cursor().execute(statement, [[_stored(field, row) for row in rows] for field in fields])


def _array_type(field: "Field[Any, Any]") -> str:
    return "text" if isinstance(field, JSONField) else str(field.db_type(connection))


def _stored(field: "Field[Any, Any]", row: Model) -> Any:
    value = getattr(row, field.attname)
    return codec.canonical(value) if isinstance(field, JSONField) and value is not None else value
