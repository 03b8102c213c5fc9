"""Text people write about themselves: what is kept, what is refused, and how it is searched."""

import re
import unicodedata

from brokerage.ledger.refusal import Refused

LONGEST = 200
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates: they show text in another order than it is stored."""
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


class BadText(Refused):
    """Text that cannot be shown as it is stored, or that is empty or too long."""

    code = "clients.bad-text"


def checked_text(text: str, *, longest: int = LONGEST) -> str:
    """The text in Unicode's composed form (NFC), trimmed: from then on it is kept byte for byte.

    Raises BadText for nothing, for more than `longest` characters, and for control characters, lone
    surrogates, line separators, a byte order mark and marks that reorder text. Any script is fine.
    """
    bad = [each for each in text if each in BIDI or unicodedata.category(each) in REFUSED_CATEGORIES]
    if bad or "\ufeff" in text:
        found = f"U+{ord(bad[0]) if bad else 0xFEFF:04X}"
        raise BadText("Remove invisible control characters from the text and type it again.", found=found)
    kept = unicodedata.normalize("NFC", text).strip()
    if not kept:
        raise BadText("Write something here.")
    if len(kept) > longest:
        raise BadText(f"Write at most {longest} characters.", length=len(kept))
    return kept


def search_key(text: str) -> str:
    """What a search compares: compatibility forms, case and invisible marks do not matter."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    shown = "".join(each for each in folded if unicodedata.category(each) != "Cf")
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", shown)).strip()
