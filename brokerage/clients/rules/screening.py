"""Whether a person may be somebody on a list (CLI-10), and what a hit stops until it is judged."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused

from .likeness import ABROAD, Index, Likeness, Way
from .screening_csv import Kind, Listed

SCREENING_LISTS = UUID("5f1d5b0e-6d7e-4a37-9f5e-3c2f5d1c8a40")
"""The stream of the screening lists the house has adopted."""
HOUSE_NAME = "house-1"
"""The name of the matching policy in this file and in `likeness`; a change of either changes it."""
YEARS_APART = 2
"""Birth years further apart than this tell two people apart; lists often know a year only roughly."""


class Outcome(StrEnum):
    """What one screening found."""

    CLEAR = "clear"
    HIT = "hit"


class Verdict(StrEnum):
    """What became of a match."""

    WAITING = "waiting"
    CLEARED = "cleared"
    CONFIRMED = "confirmed"


class ClearReason(StrEnum):
    """Why a match is not the person on the list."""

    OTHER_BIRTH_DATA = "other-birth-data"
    OTHER_NATIONALITY = "other-nationality"
    OTHER_IDENTITY_DOCUMENT = "other-identity-document"
    COMMON_NAME = "common-name"
    PEP_ACCEPTED = "pep-accepted-by-management"
    LEFT_THE_LIST = "left-the-list"
    """The list in force no longer has the entry; the one reason that also ends a confirmed match."""


class UnknownList(Refused):
    """No screening list has been adopted yet, or not this one."""

    code = "clients.unknown-list"


class ListTooOld(Refused):
    """A list dated before the one in force."""

    code = "clients.list-too-old"


class NotScreenable(Refused):
    """A person without a name on record."""

    code = "clients.not-screenable"


class NoHit(Refused):
    """The person has no match that waits for judgement, or not these."""

    code = "clients.no-hit"


class PepOnly(Refused):
    """A reason that holds for politically exposed persons only."""

    code = "clients.pep-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person as screening sees it: `version` names the record read, `born` is a year."""

    person: UUID
    version: UUID
    names: tuple[str, ...]
    born: int | None
    countries: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The person may be this entry of the list. Names neither of them; `score` is text, 0 to 1000."""

    entry: str
    digest: str
    kind: Kind
    way: Way
    score: str

    def id(self, person: UUID, version: UUID) -> UUID:
        """The match's id: the same person's record and the same entry make the same match, list by list."""
        return uuid5(person, f"{version}:{self.entry}:{self.digest}")


class Directory:
    """A list prepared for screening."""

    def __init__(self, entries: Sequence[Listed]) -> None:
        self._entries = entries
        self._index = Index((place, name) for place, each in enumerate(entries) for name in each.names)

    def matches(self, subject: Subject) -> tuple[Match, ...]:
        """Every entry the subject may be, by entry number; raises NotScreenable for one without a name."""
        names = [name for name in subject.names if name.strip()]
        if not names:
            raise NotScreenable("Record the person's name first.", person=subject.person)
        best: dict[int, Likeness] = {}
        for name in names:
            for place, seen in self._index.like(name).items():
                if place not in best or seen.score > best[place].score:
                    best[place] = seen
        found = [
            Match(entry=each.entry, digest=each.digest, kind=each.kind, way=seen.way, score=str(seen.score))
            for place, seen in best.items()
            if may_be(subject, each := self._entries[place], seen)
        ]
        return tuple(sorted(found, key=lambda match: match.entry))

    def entry(self, number: str) -> Listed | None:
        """The entry of that number, if the list has it."""
        return next((each for each in self._entries if each.entry == number), None)


def may_be(subject: Subject, listed: Listed, seen: Likeness) -> bool:
    """Whether birth years and countries leave it possible that the two are one (CLI-10)."""
    if subject.born and listed.born and abs(subject.born - listed.born) > YEARS_APART:
        return False
    known = subject.countries and listed.countries
    abroad = known and not subject.countries & listed.countries
    return seen.way is not Way.SIMILAR or seen.score >= (ABROAD if abroad else 0)


def chosen(matches: Collection[UUID], judged: Mapping[UUID, Kind]) -> dict[UUID, Kind]:
    """CLI-10: the matches that somebody judges, each once, if all can be; others wait on. Raises NoHit.

    `judged` are those that can be now, with their kinds.
    """
    found = {match: judged[match] for match in matches if match in judged}
    if not found or set(matches) - found.keys():
        raise NoHit("A match named here no longer waits, or never did. Look at the hit again.")
    return found


def check_clear_reason(reason: ClearReason, kinds: Mapping[UUID, Kind]) -> None:
    """Pass unless a sanction is to be cleared as an accepted political exposure; raises PepOnly."""
    if reason is ClearReason.PEP_ACCEPTED and Kind.SANCTION in kinds.values():
        raise PepOnly("A match with a sanctions list is never accepted as a political exposure.")
