"""The registry: every kind once; old rows are read as today's classes, strangers are kept as stored."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from brokerage.ledger import queries, registry, store
from brokerage.ledger.registry import Audience, Unknown, event, upcaster

from .book import context, new, note, superuser


@event("test.priced", schema=3, audience=Audience.CLIENT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Schema 1 held a price in cents; 2 a price without currency."""

    price: Decimal
    currency: str


@upcaster("test.priced", schema=1)
def cents_to_price(data: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 to 2."""
    return {"price": str(Decimal(data["cents"]) / 100)}


@upcaster("test.priced", schema=2)
def price_in_dollars(data: dict[str, Any]) -> dict[str, Any]:
    """Schema 2 to 3."""
    return data | {"currency": "HKD"}


GOLDEN = [
    (1, '{"cents":1250}', Priced(price=Decimal("12.5"), currency="HKD")),
    (2, '{"price":"12.500000000000000000"}', Priced(price=Decimal("12.5"), currency="HKD")),
    (
        3,
        '{"currency":"USD","price":"12.500000000000000000"}',
        Priced(price=Decimal("12.5"), currency="USD"),
    ),
]


@pytest.mark.parametrize(("schema", "stored", "expected"), GOLDEN)
def test_every_released_schema_is_read_as_todays_class(schema: int, stored: str, expected: Priced) -> None:
    assert registry.read("test.priced", schema, json.loads(stored)) == expected


def test_upcasting_leaves_the_stored_data_as_it_was() -> None:
    data = {"price": "1.000000000000000000"}
    registry.read("test.priced", 2, data)
    assert data == {"price": "1.000000000000000000"}


@pytest.mark.parametrize(("kind", "schema"), [("test.never-heard-of", 1), ("test.priced", 4)])
def test_a_kind_or_schema_of_tomorrow_is_kept_as_stored(kind: str, schema: int) -> None:
    assert registry.read(kind, schema, {"a": 1}) == Unknown(kind, schema, {"a": 1})


def test_a_kind_is_registered_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):

        @event("test.priced")
        class Other:
            pass


def test_a_class_that_is_no_event_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        registry.kind_of(int)


@pytest.fixture
def old_row() -> Iterator[Any]:
    """A stream whose only event was written under schema 1."""
    stream = new()
    note(context(), stream=stream)
    with superuser() as session:
        session.execute(
            "UPDATE ledger_event SET kind = 'test.priced', schema = 1, data = '{\"cents\": 99}'"
            " WHERE stream = %s",
            [stream],
        )
    return stream


@pytest.mark.django_db(transaction=True)
def test_reads_of_the_book_upcast(old_row: Any) -> None:
    (item,) = queries.events(old_row)
    assert (item.schema, item.event) == (1, Priced(price=Decimal("0.99"), currency="HKD"))
    row = store.cursor().execute("SELECT data FROM ledger_event WHERE stream = %s", [old_row]).fetchone()
    assert row == ({"cents": 99},)
