"""An event as it leaves the house: one envelope for feed and webhooks, and a JSON schema for each kind."""

import types
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from . import codec
from .registry import Kind, Recorded, Unknown

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def envelope(recorded: Recorded, owners: Collection[UUID] | None = None) -> dict[str, Any]:
    """A sealed event as plain JSON values; amounts are 18-place text.

    Of the postings only those on accounts of `owners`, None for all: the other side of a client's
    movement is the firm's.
    """
    event = recorded.event
    return {
        "id": recorded.reference,
        "position": recorded.position,
        "type": recorded.kind,
        "schema": recorded.schema,
        "stream": str(recorded.stream),
        "version": recorded.version,
        "owner": None if recorded.owner is None else str(recorded.owner),
        "entry": str(recorded.entry),
        "effective_at": codec.instant_text(recorded.effective_at),
        "data": event.data if isinstance(event, Unknown) else codec.plain(event),
        "postings": [
            {
                "owner": str(account.owner),
                "role": account.role.value,
                "asset": account.asset,
                "amount": codec.decimal_text(amount),
            }
            for account, amount in recorded.postings
            if owners is None or account.owner in owners
        ],
    }


def json_schema(kind: Kind) -> dict[str, Any]:
    """The JSON schema of the data of a kind of event, from its dataclass."""
    text = (kind.cls.__doc__ or "").strip()
    return {"$schema": DRAFT, "title": kind.name, "description": text, **_schema(kind.cls)}


@cache
def _schema(hint: Any) -> dict[str, Any]:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if is_dataclass(hint):
        return _object(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [codec.plain(member) for member in hint]}
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(each) for each in inner]}
    if origin is tuple and (len(inner) != 2 or inner[1] is not Ellipsis):
        parts = [_schema(each) for each in inner]
        return {"type": "array", "prefixItems": parts, "minItems": len(parts), "items": False}
    if origin in (tuple, list):
        return {"type": "array", "items": _schema(inner[0])}
    if origin in (dict, Mapping) or hint is dict:
        return {"type": "object", "additionalProperties": _schema(inner[1]) if inner else {}}
    raise TypeError(f"{hint} has no JSON schema; use a type that the codec can store")


def _object(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    members = {field.name: _schema(hints[field.name]) for field in fields(kind)}
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


_SCALARS: dict[Any, dict[str, Any]] = {
    Any: {},
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Decimal: {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{18}$"},
    UUID: {"type": "string", "format": "uuid"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    bytes: {"type": "string", "pattern": "^([0-9a-f]{2})*$"},
}
