"""Who signs: everybody for himself, once he can."""

from uuid import UUID

from brokerage.ledger.refusal import Refused


class ForAnother(Refused):
    """Somebody would sign in the place of a person who signs for himself."""

    code = "clients.signs-for-himself"


class KnownToTheFirm(Refused):
    """The person to be invited is somebody the firm deals with: no applicant gives such a person a way in."""

    code = "clients.known-to-the-firm"


class HasLogin(Refused):
    """The person to be invited has a way in already."""

    code = "clients.has-login"


def check_for_oneself(person: UUID, *, by: UUID | None, alone: bool) -> None:
    """Pass if `person` signs, or need not sign alone; raises ForAnother."""
    if alone and by != person:
        raise ForAnother("This person signs with an own login; invite him.", person=person)
