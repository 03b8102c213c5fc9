"""What an e-mail address looks like. Whether anybody reads it, only a letter tells."""

import re

from brokerage.ledger.refusal import Refused

LONGEST = 254
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"{_WORD}(?:\.{_WORD})*@(?:{_LABEL}\.)+[^\W\d_](?:[\w-]{{0,61}}[^\W_])")
"""RFC 5321's dot-atom at a domain of two labels or more; no quoted names, no bare network addresses."""


class BadAddress(Refused):
    """Not an e-mail address, or not one that can name a login."""

    code = "access.bad-address"


def checked_email(text: str) -> str:
    """The address without blanks around it; raises BadAddress."""
    address = text.strip()
    if len(address) > LONGEST or not _ADDRESS.fullmatch(address):
        raise BadAddress("Write an e-mail address, such as ann@example.com.")
    return address
