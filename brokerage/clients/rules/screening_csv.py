"""Screening lists as files: all of a file is good, or none of it. Bad lines are named by number.

    entry,kind,name,aliases,born,countries,source
    UN-001,sanction,Example Person,Other Spelling;其他,1960-05-01,KP;IR,UN 1718

`kind` is sanction or pep; `aliases` and `countries` (ISO 3166 alpha-2) are parted by semicolons;
`born` is a date, a year, or empty.
"""

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from brokerage.ledger.refusal import Refused

COLUMNS = ("entry", "kind", "name", "aliases", "born", "countries", "source")
HEADER = ",".join(COLUMNS)
LARGEST_FILE = 64 * 1024 * 1024
LONGEST_NAME = 500
REPORTED = 50
ENTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
COUNTRY = re.compile(r"[A-Z]{2}")
YEAR = re.compile(r"(1[89]|20)[0-9]{2}")


class MalformedList(Refused):
    """A screening list that cannot be taken; `problems` in the evidence lists (line, reason)."""

    code = "clients.malformed-list"


class BadLine(ValueError):
    """Why one line cannot be taken."""


class Kind(StrEnum):
    """Why somebody is on a list: a sanction, or a politically exposed person."""

    SANCTION = "sanction"
    PEP = "pep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry of a list. `born` is a year, None where the list does not say."""

    entry: str
    kind: Kind
    names: tuple[str, ...]
    born: int | None
    countries: frozenset[str]
    source: str

    @property
    def digest(self) -> str:
        """What the entry says, in 16 hexadecimal digits: it changes when the list changes the entry."""
        said = "\x1f".join(
            (self.entry, self.kind, *self.names, str(self.born), *sorted(self.countries), self.source)
        )
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def content_hash(content: bytes) -> str:
    """SHA-256 of the file as received, in hexadecimal: the list's version."""
    return hashlib.sha256(content).hexdigest()


def parse(content: bytes) -> tuple[Listed, ...]:
    """All entries of a list.

    Raises MalformedList naming every bad line (the first 50) if any is bad or an entry comes twice, or
    if the file is empty, too large, not UTF-8 or not the expected table.
    """
    found: dict[str, Listed] = {}
    problems: list[tuple[int, str]] = []
    rows = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        if tuple(next(rows, ())) != COLUMNS:
            raise MalformedList(f"The first line of the list must be {HEADER}.", problems=((1, "heading"),))
        for cells in rows:
            try:
                listed = _line(cells)
                if listed.entry in found:
                    raise BadLine(f"entry {listed.entry} comes twice")
                found[listed.entry] = listed
            except BadLine as problem:
                problems.append((rows.line_num, str(problem)))
    except csv.Error as error:
        problems.append((rows.line_num, str(error)))
    if problems:
        lines = "; ".join(f"line {number}: {reason}" for number, reason in problems[:REPORTED])
        raise MalformedList(f"Nothing was taken: {lines}.", problems=tuple(problems[:REPORTED]))
    if not found:
        raise MalformedList("The list holds no entry.", problems=())
    return tuple(found.values())


def _text(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise MalformedList("The list is larger than 64 MB.", problems=())
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedList("The list is not UTF-8 text.", problems=()) from error
    if "\x00" in text:
        raise MalformedList("The list holds NUL characters.", problems=())
    return text


def _line(cells: list[str]) -> Listed:
    if len(cells) != len(COLUMNS):
        raise BadLine(f"{len(cells)} cells instead of {len(COLUMNS)}")
    entry, kind, name, aliases, born, countries, source = (cell.strip() for cell in cells)
    if not ENTRY.fullmatch(entry):
        raise BadLine("the entry's number is missing or of the wrong shape")
    if kind not in set(Kind):
        raise BadLine(f"kind is {' or '.join(Kind)}")
    names = tuple(each for each in (name, *_parts(aliases)) if each)
    if not name or any(len(each) > LONGEST_NAME for each in names):
        raise BadLine("the name is missing or too long")
    nations = frozenset(_parts(countries))
    if not all(COUNTRY.fullmatch(each) for each in nations):
        raise BadLine("countries are two capital letters each, parted by semicolons")
    return Listed(
        entry=entry, kind=Kind(kind), names=names, born=_year(born), countries=nations, source=source
    )


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _year(cell: str) -> int | None:
    if not cell or YEAR.fullmatch(cell):
        return int(cell) if cell else None
    try:
        return date.fromisoformat(cell).year
    except ValueError as error:
        raise BadLine("born is a date as 1960-05-01, a year, or empty") from error
