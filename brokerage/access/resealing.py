"""Everything that is sealed goes under the newest key of PRAYA_KEYS, so that older ones can be destroyed.

Each room says what it holds when it is loaded; nothing here knows what that is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model

from . import envelope


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of sealed thing: its name, which of them are under an older key, and how one is sealed again.

    `again` is called in a transaction and may find that its thing is gone.
    """

    name: str
    stale: Callable[[], list[Any]]
    again: Callable[[Any], object]


_holdings: dict[str, Holding] = {}


def holds(name: str, stale: Callable[[], list[Any]], again: Callable[[Any], object]) -> None:
    """Say that a room keeps sealed things under this name."""
    _holdings[name] = Holding(name, stale, again)


def holds_column(name: str, model: type[Model], column: str, purpose: Callable[[Any], str]) -> None:
    """Say that a column of bytes is sealed, for the purpose that its row has."""
    rows = model._default_manager

    def stale() -> list[Any]:
        found = rows.exclude(**{f"{column}__isnull": True}).values_list("pk", column)
        return [pk for pk, sealed in found.iterator() if is_stale(sealed)]

    def again(pk: Any) -> None:
        row = rows.select_for_update().filter(pk=pk).first()
        if row is not None and getattr(row, column) is not None:
            setattr(row, column, envelope.reseal(purpose(row), bytes(getattr(row, column))))
            row.save(update_fields=[column])

    holds(name, stale, again)


def is_stale(sealed: bytes) -> bool:
    """Whether the bytes are under another key than the newest."""
    return envelope.key_of(bytes(sealed)) != envelope.newest_key()


def waiting() -> dict[str, list[Any]]:
    """What is under an older key, by the name of its holding."""
    return {name: _holdings[name].stale() for name in sorted(_holdings)}


def reseal(found: dict[str, list[Any]]) -> Iterator[str]:
    """Seal each of them again, one transaction each; yields its holding's name. May be repeated at any time.

    Raises Unreadable where the key is gone: what came before that stays done.
    """
    for name, keys in found.items():
        for key in keys:
            with transaction.atomic():
                _holdings[name].again(key)
            yield name
