"""The one parser: JSON of one meaning only, bounded before it is understood."""

import json
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

LARGEST = 2**20
DEEPEST = 32
LONGEST_NUMBER = 40


class TooLarge(APIException):
    """A body beyond LARGEST bytes."""

    status_code = 413
    default_detail = _("The body is too large: one megabyte at most.")
    default_code = "too_large"


class StrictJSON(BaseParser):
    """UTF-8 without a byte order mark; no NaN, no doubled names, no deep nests, no endless numbers."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: Any = None, parser_context: Any = None) -> Any:
        """The value of the body; raises ParseError or TooLarge."""
        raw = stream.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise TooLarge()
        try:
            text = raw.decode("utf-8")
            _check_depth(text)
            return json.loads(
                text,
                parse_constant=_no_constant,
                parse_int=_whole,
                parse_float=_fraction,
                object_pairs_hook=_once,
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(str(_("The body must be one JSON value in UTF-8."))) from error


def _check_depth(text: str) -> None:
    """Raise ValueError for nests beyond DEEPEST; counts brackets outside strings, without recursion."""
    depth, inside, escaped = 0, False, False
    for letter in text:
        if inside:
            inside = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            if depth > DEEPEST:
                raise ValueError("too deep")
        elif letter in "]}":
            depth -= 1


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number too long")
    return int(text)


def _fraction(text: str) -> str:
    """No member takes a JSON number with a fraction: the value is refused, by name, as not whole."""
    raise ValueError(f"{text[:LONGEST_NUMBER]}: decimals are sent as strings")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found
