"""Files of daily prices: Date,Open,High,Low,Close,Volume. All of a file is good, or none of it.

Numbers are plain decimal digits with a point and are read exactly as written; exponents, signs,
separators, NaN and digits of other scripts are refused. Every bad line is reported by number.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from brokerage.ledger.refusal import Refused

from .calendars import ONE_DAY, HongKongCalendar, OutsideCalendar
from .instruments import AssetClass
from .prices import BadPrice, checked_price

HEADER = "Date,Open,High,Low,Close,Volume"
COLUMNS = HEADER.split(",")
NUMBER = re.compile(r"[0-9]{1,13}(\.[0-9]{1,18})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
VOLUME = re.compile(r"[0-9]{1,20}")
DISTANT = datetime.max.replace(tzinfo=UTC)
LARGEST_FILE = 8 * 1024 * 1024
REPORTED = 50


class MalformedFile(Refused):
    """A price file that cannot be taken; `problems` in the evidence lists (line, reason)."""

    code = "market.malformed-file"


class DuplicateFile(Refused):
    """A price file whose content was imported before."""

    code = "market.duplicate-file"


class BadLine(ValueError):
    """Why one line cannot be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyPrice:
    """One line of a file: prices in the instrument's currency, volume as the publisher counts it."""

    line: int
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """An official close in the instrument's currency, at the instant it was struck."""

    source_time: datetime
    price: Decimal


def content_hash(content: bytes) -> str:
    """SHA-256 of the file as received, in hexadecimal: what makes two files the same."""
    return hashlib.sha256(content).hexdigest()


def parse(content: bytes) -> tuple[DailyPrice, ...]:
    """All lines of a price file, oldest first.

    Raises MalformedFile naming every bad line (the first 50) if any line is bad, if days repeat
    or run backwards, or if the file is empty, too large or not the expected table.
    """
    prices: list[DailyPrice] = []
    problems: list[tuple[int, str]] = []
    for number, text in enumerate(_lines(content), start=2):
        try:
            price = _line(number, text)
            _check_order(price.day, prices)
        except (BadLine, BadPrice) as problem:
            problems.append((number, str(problem)))
        else:
            prices.append(price)
    if problems:
        raise malformed(problems)
    if not prices:
        raise MalformedFile("The file holds no prices.", problems=())
    return tuple(prices)


def new_closes(
    prices: Sequence[DailyPrice],
    asset_class: AssetClass,
    calendar: HongKongCalendar,
    *,
    until: datetime = DISTANT,
    known: Mapping[datetime, Decimal],
) -> tuple[Close, ...]:
    """The closes of a file that are not `known` yet (price by instant), in order.

    A security closes with the last session of its day, anything else at 24:00 UTC. Raises
    MalformedFile for lines on days without a session, later than `until`, or that contradict a
    price already taken at that instant.
    """
    closes: list[Close] = []
    problems: list[tuple[int, str]] = []
    for price in prices:
        try:
            close = Close(source_time=_struck_at(price.day, asset_class, calendar), price=price.close)
            if close.source_time > until:
                raise BadLine(f"the close of {price.day} lies in the future")
            if known.get(close.source_time, close.price) != close.price:
                raise BadLine(f"{price.day} was taken before at {known[close.source_time].normalize():f}")
        except (BadLine, OutsideCalendar, OverflowError) as problem:
            problems.append((price.line, str(problem)))
        else:
            closes.append(close)
    if problems:
        raise malformed(problems)
    return tuple(close for close in closes if close.source_time not in known)


def _struck_at(day: date, asset_class: AssetClass, calendar: HongKongCalendar) -> datetime:
    if not asset_class.is_security:
        return datetime.combine(day, time(), UTC) + ONE_DAY
    close = calendar.close(day)
    if close is None:
        raise BadLine(f"the exchange had no session on {day}")
    return close


def malformed(problems: Sequence[tuple[int, str]]) -> MalformedFile:
    """The refusal for these (line number, reason) pairs; reports at most 50 of them."""
    lines = "; ".join(f"line {number}: {reason}" for number, reason in problems[:REPORTED])
    more = len(problems) - REPORTED
    return MalformedFile(
        f"Nothing was imported. Correct {lines}" + (f"; and {more} more." if more > 0 else ""),
        problems=tuple(problems[:REPORTED]),
        count=len(problems),
    )


def _lines(content: bytes) -> list[str]:
    """The lines after the header."""
    if len(content) > LARGEST_FILE:
        raise MalformedFile(f"The file is larger than {LARGEST_FILE} bytes.", problems=())
    try:
        header, *lines = content.decode("ascii").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise malformed([(number, "only plain ASCII text is expected")]) from error
    if header != HEADER:
        raise malformed([(1, f"the header must be {HEADER}")])
    if lines and lines[-1] == "":
        lines.pop()
    return lines


def _line(number: int, text: str) -> DailyPrice:
    cells = text.split(",")
    if len(cells) != len(COLUMNS):
        raise BadLine(f"{len(COLUMNS)} columns are expected, {len(cells)} found")
    day = _day(cells[0])
    opening, high, low, close = (
        _price(name, cell) for name, cell in zip(COLUMNS[1:5], cells[1:5], strict=True)
    )
    if not low <= min(opening, close) <= max(opening, close) <= high:
        raise BadLine("Open and Close must lie between Low and High")
    if not VOLUME.fullmatch(cells[5]):
        raise BadLine(f"Volume {_shown(cells[5])} is not a whole number")
    return DailyPrice(
        line=number, day=day, open=opening, high=high, low=low, close=close, volume=int(cells[5])
    )


def _day(text: str) -> date:
    if not DAY.fullmatch(text):
        raise BadLine(f"Date {_shown(text)} is not written as YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadLine(f"Date {_shown(text)} does not exist") from error


def _price(name: str, text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise BadLine(f"{name} {_shown(text)} is not a plain decimal number")
    return checked_price(Decimal(text), name=name)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")


def _check_order(day: date, earlier: Sequence[DailyPrice]) -> None:
    if earlier and day == earlier[-1].day:
        raise BadLine(f"{day} stands in the file twice")
    if earlier and day < earlier[-1].day:
        raise BadLine(f"{day} comes after {earlier[-1].day}; the oldest day must come first")
