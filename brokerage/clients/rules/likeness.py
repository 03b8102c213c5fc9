"""When two names may be one: compatibility forms, marks, case, order and spacing do not count.

Nothing is transliterated: a list names a person in each script it knows, and so does the client.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from rapidfuzz import fuzz, process

SIMILAR = 880
"""House policy: from this score on (0 to 1000) two names are too alike to pass unseen."""
ABROAD = 940
"""The score asked for when both countries are known and differ; a country alone never clears anybody."""
_PART = 950
_LEAST_PARTS = 2


class Way(StrEnum):
    """Why two names were held to be one."""

    EXACT = "exact"
    """The same words, in whatever order."""
    PART = "part"
    """All words of one name, at least two, are in the other."""
    SIMILAR = "similar"
    """Letters differ, few enough to be a misspelling."""


class Likeness(NamedTuple):
    """How alike two names are: the way, and a score from 0 to 1000."""

    way: Way
    score: int


class Folded(NamedTuple):
    """A name as it is compared: its words in order of the alphabet, and all of it without spaces."""

    words: str
    solid: str


def folded(name: str) -> Folded:
    """The name as it is compared: NFKC, casefolded, without accents and signs, words sorted.

    A name of signs alone folds to nothing and is like no other.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    words = unicodedata.normalize("NFKC", "".join(map(_letter, plain))).casefold().split()
    return Folded(" ".join(sorted(words)), "".join(words))


def _letter(sign: str) -> str:
    kind = unicodedata.category(sign)
    if kind == "Mn":
        return ""  # accents and vowel points: written or left out as the writer pleases
    return sign if kind[0] in "LNM" else " "


def likeness(one: Folded, other: Folded) -> Likeness | None:
    """Why and how much the two are alike, or None when they are not."""
    if not one.words or not other.words:
        return None
    if one.words == other.words or one.solid == other.solid:
        return Likeness(Way.EXACT, 1000)
    fewer, more = sorted((set(one.words.split()), set(other.words.split())), key=len)
    if len(fewer) >= _LEAST_PARTS and fewer < more:
        return Likeness(Way.PART, _PART)
    score = round(max(fuzz.ratio(one.words, other.words), fuzz.ratio(one.solid, other.solid)) * 10)
    return Likeness(Way.SIMILAR, score) if score >= SIMILAR else None


class Index:
    """Many names prepared once, so that one name is compared with all of them in milliseconds."""

    def __init__(self, names: Iterable[tuple[int, str]]) -> None:
        """Take (number, name) pairs; a number may come several times, once for each spelling."""
        self._names = [(number, folded(name)) for number, name in names]
        self._words = [name.words for _, name in self._names]
        self._solid = [name.solid for _, name in self._names]
        self._holding: dict[str, set[int]] = {}
        for place, (_, name) in enumerate(self._names):
            for word in name.words.split():
                self._holding.setdefault(word, set()).add(place)

    def like(self, name: str) -> Mapping[int, Likeness]:
        """The numbers of all entries whose best spelling is like the name, with how alike it is."""
        wanted = folded(name)
        found: dict[int, Likeness] = {}
        for place in self._candidates(wanted):
            number, other = self._names[place]
            seen = likeness(wanted, other)
            if seen is not None and (number not in found or seen.score > found[number].score):
                found[number] = seen
        return found

    def _candidates(self, wanted: Folded) -> set[int]:
        """Every place that `likeness` could accept: alike in letters, or sharing two words."""
        places: set[int] = set()
        for query, choices in ((wanted.words, self._words), (wanted.solid, self._solid)):
            alike = process.extract(
                query, choices, scorer=fuzz.ratio, score_cutoff=SIMILAR // 10 - 1, limit=None
            )
            places |= {place for _, _, place in alike}
        shared: dict[int, int] = {}
        for word in set(wanted.words.split()):
            for place in self._holding.get(word, ()):
                shared[place] = shared.get(place, 0) + 1
        return places | {place for place, count in shared.items() if count >= _LEAST_PARTS}
