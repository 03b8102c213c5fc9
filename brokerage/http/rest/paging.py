"""Pages of a list in a stable order: a cursor remembers where the last row stood, so nothing shifts."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

LIMIT = 50
MOST = 200
_SALT = "brokerage.http.rest.paging"
_KINDS: dict[str, Callable[[str], Any]] = {
    "u": UUID,
    "t": datetime.fromisoformat,
    "y": date.fromisoformat,
    "d": Decimal,
    "i": int,
    "s": str,
}


def page(
    rows: QuerySet[Any] | Sequence[Any], order: Sequence[str], about: str, cursor: str | None, limit: int
) -> tuple[list[Any], str | None]:
    """Up to `limit` rows in `order` after the cursor, and the cursor of the next page, or None.

    `order` names columns that together are unique, "-" for descending; what is no query stands in it already,
    ascending. `about` is the list and its filters: a cursor of another list, or another filter, raises
    ValidationError.
    """
    after = None if cursor is None else opened(cursor, about)
    if isinstance(rows, QuerySet):
        behind = rows if after is None else rows.filter(_after(order, after))
        found = list(behind.order_by(*order)[: limit + 1])
    else:
        found = [row for row in rows if after is None or _values(row, order) > after][: limit + 1]
    if len(found) <= limit:
        return found, None
    return found[:limit], sealed(_values(found[limit - 1], order), about)


def sealed(values: Sequence[Any], about: str) -> str:
    """An opaque cursor that holds these values and cannot be made or changed by anybody else."""
    return signing.dumps([[_kind(value), _text(value)] for value in values], salt=f"{_SALT}:{about}")


def opened(cursor: str, about: str) -> list[Any]:
    """The values of a cursor; raises ValidationError for one that is not ours or of another list."""
    try:
        return [_KINDS[kind](text) for kind, text in signing.loads(cursor, salt=f"{_SALT}:{about}")]
    except (signing.BadSignature, ValueError) as error:
        raise ValidationError(
            {"cursor": [_("Use the next_cursor of the page before, with the same filters.")]}
        ) from error


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """The rows behind these values in this order."""
    behind, same = Q(pk__in=[]), Q()
    for name, value in zip(order, values, strict=True):
        column = name.removeprefix("-")
        step = "lt" if name.startswith("-") else "gt"
        behind |= same & Q(**{f"{column}__{step}": value})
        same &= Q(**{column: value})
    return behind


def _values(row: Any, order: Sequence[str]) -> list[Any]:
    return [getattr(row, name.removeprefix("-")) for name in order]


def _kind(value: Any) -> str:
    kinds = {UUID: "u", datetime: "t", date: "y", Decimal: "d", int: "i", str: "s"}
    return kinds[type(value)]


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
