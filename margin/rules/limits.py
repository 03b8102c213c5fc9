"""What a credit limit rests on, and how far that reaches."""

from decimal import Decimal
from enum import StrEnum

from brokerage.ledger.refusal import Refused


class LimitBasis(StrEnum):
    """What is stated as the basis of a limit."""

    ASSESSMENT = "credit-assessment"
    """The credit assessment on record: no more than it found (VAF-7)."""
    WAIVER = "waiver"
    """A written risk assessment that goes beyond it, with a second person whatever the amount (SMF-4)."""


class BeyondAssessment(Refused):
    """VAF-7, SMF-4: a limit beyond what the client's credit assessment found, and no waiver."""

    code = "margin.limit-beyond-assessment"


def check_basis(basis: LimitBasis, limit: Decimal, *, present: Decimal, assessed: Decimal | None) -> None:
    """Pass if the limit is waived, no raise, or within what was assessed; raises BeyondAssessment.

    `assessed` is what the assessment leaves for this account, in the account's currency; None for a client
    of an import, whose assessment lies outside and is named by the limit's reason.
    """
    if basis is LimitBasis.ASSESSMENT and assessed is not None and limit > max(assessed, present):
        raise BeyondAssessment(
            "The limit is beyond the client's credit assessment; lower it, or name the waiver it rests on.",
            limit=limit,
            assessed=assessed,
        )
