"""Why something was done, as it stands in the book: by a code, since words could name somebody."""

import re

from brokerage.ledger.refusal import Refused

CODE = re.compile(r"[A-Z0-9][A-Z0-9/.-]{1,31}")
"""A code, or the number of a case, an order or a paper: it leaves no room for a sentence."""


class BadReason(Refused):
    """A reason that is no code and no case number."""

    code = "clients.bad-reason"


def checked_reason(reason: str) -> str:
    """The same code or case number: 2 to 32 capitals, digits, '/', '.' or '-'; raises BadReason."""
    if not CODE.fullmatch(reason):
        raise BadReason("Say why by a code or case number: 2 to 32 capital letters, digits, '/', '.' or '-'.")
    return reason
