"""Who may act for a client: a person in a capacity, from a day until a day."""

from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused

from .application import ROLES, PartyRole
from .status import ClientType


class Capacity(StrEnum):
    """What ties a person to the client."""

    HOLDER = "holder"
    """The client, or one of its joint holders."""
    SIGNATORY = "signatory"
    """Signs for a corporation, partnership or trust under its mandate."""
    ATTORNEY = "attorney"
    """Acts under a power of attorney."""


CAPACITY = {PartyRole.HOLDER: Capacity.HOLDER, PartyRole.SIGNATORY: Capacity.SIGNATORY}
"""Which roles of an application let a person act for the client; the others tell who is behind it."""


class AuthorityStands(Refused):
    """The person acts for the client in this capacity already."""

    code = "clients.authority-stands"


class NoAuthority(Refused):
    """The person does not act for the client in this capacity."""

    code = "clients.no-authority"


class NotScreened(Refused):
    """CLI-10: the person's present record was not compared with the screening list in force."""

    code = "clients.not-screened"


class OnTheList(Refused):
    """CLI-10: two people confirmed that the person is who a screening list names."""

    code = "clients.on-the-list"


class WrongCapacity(Refused):
    """CLI-13: the client's legal form has nobody, or nobody more, in this capacity."""

    code = "clients.wrong-capacity"


class NeedsPower(Refused):
    """An attorney is appointed by a power of attorney with an end."""

    code = "clients.needs-power-of-attorney"


class BadPower(Refused):
    """A power of attorney for somebody who holds the client, or with an end that has passed."""

    code = "clients.bad-power-of-attorney"


def check_capacity(form: ClientType, capacity: Capacity, acting: int) -> None:
    """CLI-13: pass if one more may act in a capacity beside `acting`, as in an application; WrongCapacity."""
    _, most = ROLES[form].get(PartyRole(capacity), (0, 0))
    if acting >= most:
        raise WrongCapacity(
            f"At most {most} can be {capacity} of a client of this kind; end another's authority first,"
            " or open another client.",
            form=form,
            capacity=capacity,
        )


def authority_id(client: UUID, person: UUID, capacity: Capacity) -> UUID:
    """The id of one person's authority over one client's affairs in one capacity."""
    return uuid5(client, f"{person}:{capacity}")
