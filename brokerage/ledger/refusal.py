"""Refused: how a rule says no, with a stable code and what to do about it."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refused(Exception):
    """A business refusal: nothing was written and the caller can act on the message.

    Subclasses sit beside the rule that raises them and set `code`, a stable dotted name such as
    "margin.purchase-beyond-buying-power". `evidence` holds the values the decision rested on; it
    is stored with the refusal, so it must hold no personal data.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, **evidence: Any) -> None:
        super().__init__(message)
        self.message = message
        self.evidence: Mapping[str, Any] = evidence
