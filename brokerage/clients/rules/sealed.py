"""What people write about cases and complaints: any script, several lines, within bounds."""

import unicodedata

from brokerage.ledger.refusal import Refused

from .names import BIDI, BadText

LONGEST_NOTE = 20_000


class UnknownText(Refused):
    """There is no such sealed text."""

    code = "clients.unknown-text"


class TextErased(Refused):
    """The text's key was destroyed once it need no longer be kept."""

    code = "clients.text-erased"


def checked_note(text: str) -> bytes:
    """The text as it is sealed: composed, with plain line ends, trimmed; raises BadText.

    As `names.checked_text`, but lines and tabs are kept.
    """
    plain = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()
    hidden = [
        sign
        for sign in plain
        if sign in BIDI or (unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t")
    ]
    if hidden:
        raise BadText("Remove invisible control characters from the text and send it again.")
    if not plain or len(plain) > LONGEST_NOTE:
        raise BadText(f"Write 1 to {LONGEST_NOTE} characters.", length=len(plain))
    return plain.encode()
