"""Canonical JSON: one text for each value, and the value back from it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerage.ledger import codec
from brokerage.ledger.amounts import EXACT, BadAmount
from brokerage.ledger.codec import Unencodable, canonical, decode, plain


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    """A nested value."""

    day: date
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    """Every kind of field an event may have."""

    name: str
    number: int
    yes: bool
    amount: Decimal
    at: datetime
    id: UUID
    colour: Colour
    inner: Inner
    many: tuple[Inner, ...]
    table: dict[str, Decimal]
    nothing: None = None


OUTER = Outer(
    name='中環 " \\ \n',
    number=-7,
    yes=True,
    amount=Decimal("1.5"),
    at=datetime(2026, 1, 5, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=8))),
    id=UUID(int=1),
    colour=Colour.RED,
    inner=Inner(date(2024, 2, 29), Decimal("-0")),
    many=(Inner(date(2026, 1, 1)),),
    table={"b": Decimal(2), "a": Decimal(1)},
)


def test_every_kind_of_field_has_one_text() -> None:
    assert canonical(OUTER) == (
        '{"amount":"1.500000000000000000","at":"2026-01-05T04:00:00.000005Z","colour":"red",'
        '"id":"00000000-0000-0000-0000-000000000001","inner":{"day":"2024-02-29",'
        '"rate":"0.000000000000000000"},"many":[{"day":"2026-01-01","rate":null}],'
        '"name":"中環 \\" \\\\ \\n","nothing":null,"number":-7,'
        '"table":{"a":"1.000000000000000000","b":"2.000000000000000000"},"yes":true}'
    )


def test_what_was_encoded_is_decoded_to_an_equal_value() -> None:
    assert decode(Outer, plain(OUTER)) == OUTER


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**19), max_value=10**19, places=18))
def test_decimals_keep_their_value_and_equal_ones_their_text(value: Decimal) -> None:
    assert decode(Decimal, plain(value)) == value
    assert plain(value.normalize(EXACT)) == plain(value)


@given(st.text().filter(lambda text: "\x00" not in text and text.isprintable()))
def test_text_comes_back_as_it_was(text: str) -> None:
    assert decode(str, plain(text)) == text


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (1.5, TypeError),
        ({"deep": [1.5]}, TypeError),
        (object(), TypeError),
        (Decimal("NaN"), BadAmount),
        (Decimal("Infinity"), BadAmount),
        (Decimal("1e-19"), BadAmount),
        (Decimal("1e20"), BadAmount),
        (datetime(2026, 1, 5), Unencodable),  # noqa: DTZ001 - the point is the missing zone
        ("a\x00b", Unencodable),
        ("\ud800", Unencodable),
        ({"a\x00": 1}, Unencodable),
    ],
)
def test_what_has_no_exact_text_is_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        canonical(value)


def test_an_amount_is_never_rounded_silently() -> None:
    assert codec.decimal_text(Decimal("12345678901234567890.123456789012345678")).endswith("345678")
    with pytest.raises(BadAmount):
        codec.decimal_text(Decimal("0.1234567890123456785"))


@pytest.mark.parametrize("hint", [int | str, float, object])
def test_a_hint_that_cannot_be_decoded_is_a_programming_error(hint: Any) -> None:
    with pytest.raises(TypeError):
        decode(hint, "1")
