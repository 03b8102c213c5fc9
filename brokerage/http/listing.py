"""Lists on a desk page: the moment asked for, the order and the page, read from the address."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from brokerage.ledger import seams
from brokerage.ledger.hong_kong import HONG_KONG

PAGE_SIZE = 50


def moment(request: HttpRequest, name: str = "as_of") -> datetime | None:
    """The instant in a parameter, or None for now. Without a zone it is Hong Kong time.

    Raises BadRequest, in words for the person, for nonsense and for the future.
    """
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    try:
        asked = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(_("Write the time as 2026-01-31T16:00.")) from error
    asked = asked if asked.tzinfo else asked.replace(tzinfo=HONG_KONG)
    if asked > seams.now():
        raise BadRequest(_("That time has not come yet. Choose one in the past."))
    return asked


def is_live(request: HttpRequest) -> bool:
    """Whether a page should refresh itself: unless the reader paused it (WCAG 2.2.2)."""
    return request.GET.get("live") != "0"


@dataclass(frozen=True, slots=True)
class Column:
    """One column's heading: its name in the address, its label, and how a click would sort."""

    key: str
    label: str
    numeric: bool
    direction: str  # "ascending", "descending" or "none": the value of aria-sort

    @property
    def next_sort(self) -> str:
        """The sort parameter of a click: figures largest first, then the other way round."""
        descending = self.direction == "ascending" or (self.direction == "none" and self.numeric)
        return f"-{self.key}" if descending else self.key


def order(request: HttpRequest, keys: Iterable[str], default: str) -> tuple[str, bool]:
    """The column to sort by and whether the order is descending; unknown names give the default."""
    asked = request.GET.get("sort", default)
    key = asked.removeprefix("-")
    if key not in keys:
        asked, key = default, default.removeprefix("-")
    return key, asked.startswith("-")


def columns(labels: Mapping[str, tuple[object, bool]], key: str, descending: bool) -> list[Column]:
    """Headings for `labels`: name -> (label, whether it is a figure)."""
    way = "descending" if descending else "ascending"
    return [
        Column(name, str(label), numeric, way if name == key else "none")
        for name, (label, numeric) in labels.items()
    ]


def page_of(request: HttpRequest, rows: Sequence[Any] | QuerySet[Any], size: int = PAGE_SIZE) -> Page[Any]:
    """The page asked for; a number beyond the last gives the last."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
