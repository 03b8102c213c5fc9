"""Refused: how a rule says no, with a stable code and what to do about it."""

from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """A business refusal: nothing was written and the caller can act on the message.

    Subclasses sit beside the rule that raises them and set `code`, a stable dotted name such as
    "margin.purchase-beyond-buying-power". `evidence` holds the values the decision rested on; it
    is stored with the refusal, so it must hold no personal data.
    """

    code: str = "refused"

    def __init__(self, message: str, **evidence: Any) -> None:
        super().__init__(message)
        self.message = message
        self.evidence: Mapping[str, Any] = evidence


class ReasonMissing(Refused):
    """Something that has to say why does not; the code is the room's, as "margin.reason-missing"."""

    def __init__(self, room: str, message: str) -> None:
        super().__init__(message)
        self.code = f"{room}.reason-missing"


def check_reason(room: str, reason: str, message: str) -> None:
    """Pass if something is stated; raises ReasonMissing with the room's code and the message."""
    if not reason.strip():
        raise ReasonMissing(room, message)
