"""What may come in and how it goes out: strict serializers, declared once for checks and for OpenAPI.

A value has exactly one spelling. Nothing is coerced, trimmed, rounded or ignored: what does not fit
is refused by name with a pointer to it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from brokerage.ledger.codec import instant_text

_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CODE = r"^[A-Z0-9][A-Z0-9._-]{0,11}$"
_UNWELCOME = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")


class Inputs(serializers.Serializer[Any]):
    """The body of a command: an object with these members and no other."""

    def to_internal_value(self, data: Any) -> Any:
        """The checked values; raises ValidationError that also names each member nobody asked for."""
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                refused = serializers.ErrorDetail(str(_("There is no such member.")), code="unknown")
                raise serializers.ValidationError({name[:60]: [refused] for name in unknown[:20]})
        return super().to_internal_value(data)


class Parameters(Inputs):
    """The declared parameters of a read; an address holds text, so numbers come as their digits."""


class Out(serializers.Serializer[Any]):
    """The shape of what is sent: the members declared, no others."""


class _Spelled(serializers.Field[Any, Any, Any, Any]):
    """A value whose only spelling is a JSON string that a pattern describes."""

    pattern = ""
    form = "string"
    example = ""
    default_error_messages = {"spelling": _("Write it as {example}.")}

    def to_internal_value(self, data: Any) -> Any:
        """The value behind the text; raises ValidationError for anything that does not fit the pattern."""
        if not isinstance(data, str) or not re.fullmatch(self.pattern, data, re.ASCII):
            self.fail("spelling", example=self.example)
        try:
            return self.value(data)
        except ValueError:
            self.fail("spelling", example=self.example)

    def value(self, text: str) -> Any:
        """The text as a value; ValueError when it names none."""
        return text

    def to_representation(self, value: Any) -> Any:
        """The one spelling of the value."""
        return str(value)


@extend_schema_field({"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,18})?$"})
class Amount(_Spelled):
    """An exact decimal as a string: at most 20 digits before the point and 18, or `places`, after it."""

    example = "1250.75"

    def __init__(self, *, places: int = 18, signed: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        fraction = rf"(\.[0-9]{{1,{places}}})?" if places else ""
        self.pattern = rf"^{'-?' if signed else ''}(0|[1-9][0-9]{{0,19}}){fraction}$"

    def value(self, text: str) -> Decimal:
        """The decimal, exactly as written."""
        return Decimal(text)

    def to_representation(self, value: Decimal) -> str:
        """Plain digits without trailing zeros; raises TypeError for a float."""
        return plain(value)


def plain(value: Decimal) -> str:
    """A decimal in plain ASCII digits: no exponent, no separators, no trailing zeros, no minus zero."""
    if not isinstance(value, Decimal):
        raise TypeError(f"an amount must be Decimal, not {type(value).__name__}")
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


@extend_schema_field({"type": "string", "format": "uuid", "pattern": _UUID})
class Id(_Spelled):
    """An identifier in its canonical form: lower case, with hyphens."""

    pattern = _UUID
    example = "0192f3a0-0000-7000-8000-000000000000"

    def value(self, text: str) -> UUID:
        """The UUID."""
        return UUID(text)


@extend_schema_field({"type": "string", "format": "date-time"})
class Instant(_Spelled):
    """A moment in time, RFC 3339 with its zone; sent as UTC with Z."""

    pattern = _INSTANT
    example = "2026-01-31T08:00:00Z"

    def value(self, text: str) -> datetime:
        """The instant in UTC; ValueError beyond the calendar."""
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except OverflowError as error:
            raise ValueError(text) from error

    def to_representation(self, value: datetime) -> str:
        """UTC with microseconds and Z."""
        return instant_text(value)


@extend_schema_field({"type": "string", "format": "date"})
class Day(_Spelled):
    """A business date."""

    pattern = _DAY
    example = "2026-01-31"

    def value(self, text: str) -> date:
        """The date; ValueError for a day that does not exist."""
        return date.fromisoformat(text)


@extend_schema_field({"type": "string", "pattern": _CODE})
class Code(_Spelled):
    """The code of an asset: a currency or a listed instrument."""

    pattern = _CODE
    example = "BTC"


class Text(serializers.CharField):
    """Words, kept as they came: no control characters, no direction overrides, never a number."""

    def __init__(self, *, max_length: int = 2000, min_length: int = 1, **kwargs: Any) -> None:
        blank = min_length == 0
        super().__init__(
            max_length=max_length,
            min_length=min_length or None,
            allow_blank=blank,
            trim_whitespace=False,
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> str:
        """The text; raises ValidationError for anything else and for characters that hide."""
        if not isinstance(data, str):
            self.fail("invalid")
        if _UNWELCOME.search(data):
            raise serializers.ValidationError(
                _("Leave out control characters and direction marks."), code="characters"
            )
        return data


class Choice(serializers.ChoiceField):
    """One of the values of an enumeration, spelled exactly; given to the command as its member."""

    def __init__(self, kind: Any, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(choices=[each.value for each in kind], **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The member; raises ValidationError for any other value."""
        if not isinstance(data, str) or data not in self.choice_strings_to_values:
            self.fail("invalid_choice", input=str(data)[:40])
        return self.kind(data)

    def to_representation(self, value: Any) -> str:
        """The member's value."""
        return str(value)


class Several(_Spelled):
    """Some of the values of an enumeration, separated by commas, each once: the members, in order."""

    default_error_messages = {"twice": _("Name each once.")}

    def __init__(self, kind: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind, names = kind, "|".join(each.value for each in kind)
        self.pattern = f"^({names})(,({names}))*$"
        self.example = ",".join(each.value for each in kind)
        set_override(self, "field", {"type": "string", "pattern": self.pattern})

    def value(self, text: str) -> list[Any]:
        """The members that the text names; raises ValidationError for one that is named twice."""
        found = [self.kind(name) for name in text.split(",")]
        if len(set(found)) < len(found):
            self.fail("twice")
        return found


class Whole(serializers.IntegerField):
    """A whole number: a JSON integer in a body, its plain digits in an address."""

    def __init__(self, *, min_value: int = 0, max_value: int = 2**31 - 1, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        """The number; raises ValidationError for other types and spellings."""
        if isinstance(self.root, Parameters):
            if not isinstance(data, str) or not re.fullmatch(r"0|[1-9][0-9]{0,18}", data, re.ASCII):
                self.fail("invalid")
            return int(data)
        if type(data) is not int:
            self.fail("invalid")
        return data


@extend_schema_field({"type": "boolean"})
class Flag(serializers.Field[Any, Any, Any, Any]):
    """True or false; in an address the words `true` and `false`."""

    default_error_messages = {"invalid": _("Write true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """The truth value; raises ValidationError for everything else."""
        if isinstance(self.root, Parameters):
            data = {"true": True, "false": False}.get(data, data)
        if not isinstance(data, bool):
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> bool:
        """True or false."""
        return bool(value)
