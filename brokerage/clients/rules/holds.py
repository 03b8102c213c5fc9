"""What freezes a client (CLI-13): a court, a death, an insolvency, a screening hit; several at once."""

from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused

from .reasons import CODE


class Ground(StrEnum):
    """What a hold rests on."""

    COURT = "court"
    DEATH = "death"
    BANKRUPTCY = "bankruptcy"
    SCREENING = "screening"
    """A screening hit that waits for judgement or was confirmed; it goes with the hit, or with the person."""
    HOUSE = "house"


class LiftReason(StrEnum):
    """Why a hold came to an end."""

    ORDER_DISCHARGED = "order-discharged"
    PROBATE_GRANTED = "probate-granted"
    SURVIVORSHIP = "survivorship"
    TRUSTEE_INSTRUCTED = "trustee-instructed"
    HIT_CLEARED = "hit-cleared"
    PERSON_LEFT = "person-left"
    """Whoever the hit is of neither acts for the client nor is behind it any longer."""
    PLACED_IN_ERROR = "placed-in-error"
    MATTER_CLOSED = "matter-closed"


class Befell(StrEnum):
    """What befell a person, and was reported of it."""

    DEATH = "death"
    INSOLVENCY = "insolvency"


class Withdrawal(StrEnum):
    """Why what was reported of a person counts no longer."""

    ERROR = "reported-in-error"
    DISCHARGED = "discharged"
    """A bankruptcy or winding-up came to its end."""


class NothingReported(Refused):
    """Nothing of that kind was reported of the person."""

    code = "clients.nothing-reported"


class WrongWithdrawal(Refused):
    """CLI-13: a death that is withdrawn as if it were a bankruptcy that came to its end."""

    code = "clients.wrong-withdrawal"


class HoldInPlace(Refused):
    """A hold on this ground and reference stands, or one stands in the way."""

    code = "clients.hold-in-place"


class UnknownHold(Refused):
    """No such hold stands on the client."""

    code = "clients.unknown-hold"


class BadHoldReference(Refused):
    """A reference that is no case or order number."""

    code = "clients.bad-hold-reference"


class HitWaits(Refused):
    """CLI-10: a hold for a screening hit goes with the hit while its person has to do with the client."""

    code = "clients.hit-waits"


def hold_id(client: UUID, ground: Ground, reference: str) -> UUID:
    """The id of the hold on one client for one ground and reference."""
    return uuid5(client, f"hold:{ground}:{reference}")


def screening_hold(client: UUID, person: UUID) -> UUID:
    """The id of the hold on a client for a screening hit of a person who acts for it."""
    return hold_id(client, Ground.SCREENING, str(person))


def check_withdrawal(what: Befell, reason: Withdrawal) -> None:
    """CLI-13: pass unless a death is to be discharged; raises WrongWithdrawal."""
    if reason is Withdrawal.DISCHARGED and what is not Befell.INSOLVENCY:
        raise WrongWithdrawal("Only a bankruptcy or winding-up is discharged.", what=what)


def checked_hold_reference(reference: str) -> str:
    """The same case or order number: 2 to 32 capitals, digits, '/', '.' or '-'; raises BadHoldReference.

    The shape leaves no room for a name written out.
    """
    if not CODE.fullmatch(reference):
        raise BadHoldReference(
            "Give the case or order number in 2 to 32 capital letters, digits, '/', '.' or '-'."
        )
    return reference
