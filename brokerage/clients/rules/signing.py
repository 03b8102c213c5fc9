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


class NotKnown(Refused):
    """The firm would invite somebody whom it neither judged nor deals with."""

    code = "clients.not-known"


class NoAddress(Refused):
    """The person's record names no e-mail address."""

    code = "clients.no-address"


class AddressOfAnother(Refused):
    """The person's record, and so the address, was given by another client, who may read that mailbox."""

    code = "clients.address-of-another"


class DetailsChanged(Refused):
    """The person's record changed after the invitation was proposed."""

    code = "clients.details-changed"


def check_for_oneself(person: UUID, *, by: UUID | None, alone: bool) -> None:
    """Pass if `person` signs, or need not sign alone; raises ForAnother."""
    if alone and by != person:
        raise ForAnother("This person signs with an own login; invite him.", person=person)
