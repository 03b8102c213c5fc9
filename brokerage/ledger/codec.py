"""Values to canonical JSON and back: what is hashed, stored and exported is the same text.

Decimals become strings with 18 places, instants UTC with microseconds, identifiers and dates their
ISO text. Floats are refused. Objects are encoded with sorted keys and no spaces.
"""

import json
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Context as DecimalContext
from decimal import Decimal, Inexact, InvalidOperation
from enum import Enum
from functools import cache, lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from .amounts import BadAmount
from .refusal import Refused

_PLACES = Decimal(1).scaleb(-18)
_EXACT = DecimalContext(prec=38, traps=[Inexact, InvalidOperation])


class Unencodable(Refused):
    """A value that has no canonical form, such as text with a NUL character."""

    code = "ledger.unencodable"


def decimal_text(value: Decimal) -> str:
    """The amount with exactly 18 decimal places; raises BadAmount if that would lose anything."""
    try:
        exact = value.quantize(_PLACES, context=_EXACT)
    except (Inexact, InvalidOperation) as error:
        raise BadAmount(
            "The amount needs at most 20 digits before and 18 after the point.", value=str(value)
        ) from error
    if exact.is_nan():
        raise BadAmount("The amount must be a number.", value=str(value))
    return format(_EXACT.plus(exact), "f")  # plus turns -0 into 0; a bare + would round to 28 digits


@lru_cache(maxsize=256)
def instant_text(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds; raises Unencodable for a time without zone."""
    if value.tzinfo is None:
        raise Unencodable("An instant needs a time zone.", value=str(value))
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_SURROGATE = re.compile("[\ud800-\udfff]")


def _text(value: str) -> str:
    if "\x00" in value or (not value.isascii() and _SURROGATE.search(value)):
        raise Unencodable("Text may not hold NUL or lone surrogate characters.")
    return value


def _mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    return {_text(key): plain(item) for key, item in value.items()}


def _sequence(value: Any) -> list[Any]:
    return [plain(item) for item in value]


def _same(value: Any) -> Any:
    return value


def _encoder(kind: type[Any]) -> Callable[[Any], Any]:
    if is_dataclass(kind):
        names = tuple(field.name for field in fields(kind))
        return lambda value: {name: plain(getattr(value, name)) for name in names}
    table: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
        ((bool, int, type(None)), _same),
        (Enum, lambda value: plain(value.value)),
        (str, _text),
        (Decimal, decimal_text),
        (datetime, instant_text),
        (date, date.isoformat),
        (UUID, str),
        ((bytes, bytearray, memoryview), lambda value: bytes(value).hex()),
        (Mapping, _mapping),
        ((tuple, list), _sequence),
        ((set, frozenset), lambda value: sorted(_sequence(value))),
    )
    for kinds, encode in table:
        if issubclass(kind, kinds):
            return encode
    raise TypeError(f"{kind.__name__} has no canonical form; use Decimal, str, int, date, datetime or UUID")


_encoders: dict[type[Any], Callable[[Any], Any]] = {}


def plain(value: Any) -> Any:
    """The value as nothing but dict, list, str, int, bool and None.

    Raises TypeError for types without a canonical form (floats among them), BadAmount and
    Unencodable for values that cannot be stored exactly.
    """
    kind = type(value)
    encode = _encoders.get(kind) or _encoders.setdefault(kind, _encoder(kind))
    return encode(value)


def canonical(value: Any) -> str:
    """Canonical JSON of any encodable value: sorted keys, no spaces, not escaped beyond need."""
    return dumps(plain(value))


dumps = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode
"""Canonical JSON text of an already plain value."""


def decode(kind: Any, value: Any) -> Any:
    """The inverse of `plain` for a type hint: dataclasses, optionals, tuples, dicts and scalars.

    Raises TypeError or ValueError when the value does not fit the hint.
    """
    return _decoder(kind)(value)


def _optional(hint: Any) -> Callable[[Any], Any]:
    inner = [arg for arg in get_args(hint) if arg is not type(None)]
    if len(inner) != 1:
        raise TypeError(f"{hint} is ambiguous; only X | None can be decoded")
    decode_inner = _decoder(inner[0])
    return lambda value: None if value is None else decode_inner(value)


def _dataclass(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    decoders = {field.name: _decoder(hints[field.name]) for field in fields(kind)}
    return lambda value: kind(**{name: decoders[name](item) for name, item in value.items()})


def _tuple_of(hint: Any) -> Callable[[Any], Any]:
    first, *rest = get_args(hint)
    if rest and rest != [Ellipsis]:
        parts = [_decoder(arg) for arg in (first, *rest)]
        return lambda value: tuple(part(item) for part, item in zip(parts, value, strict=True))
    item_decoder = _decoder(first)
    return lambda value: tuple(item_decoder(item) for item in value)


def _dict_of(hint: Any) -> Callable[[Any], Any]:
    value_decoder = _decoder(get_args(hint)[1]) if get_args(hint) else _same
    return lambda value: {key: value_decoder(item) for key, item in value.items()}


_SCALARS: dict[Any, Callable[[Any], Any]] = {
    Any: _same,
    str: _same,
    int: _same,
    bool: _same,
    type(None): _same,
    None: _same,
    Decimal: Decimal,
    UUID: UUID,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    bytes: bytes.fromhex,
}


@cache
def _decoder(hint: Any) -> Callable[[Any], Any]:
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _optional(hint)
    if origin in (tuple, list, Sequence):
        return _tuple_of(hint)
    if origin is dict or hint is dict or origin is Mapping:
        return _dict_of(hint)
    if is_dataclass(hint):
        return _dataclass(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    raise TypeError(f"{hint} cannot be decoded; use a type that the codec can store")
