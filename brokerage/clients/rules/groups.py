"""Clients that stand or fall together, whose credit is limited as one (SMF-2)."""

from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused

from .status import checked_reference

GROUPS = UUID("b1a5c7c2-0f0e-4b7a-9d0a-6b0c2f7e9a11")
"""The name space of group ids."""


class Tie(StrEnum):
    """What makes a client one of a group."""

    FAMILY = "family"
    CONTROL = "control"
    GUARANTEE = "guarantee"
    COMMON_SOURCE = "common-source"
    """One source of income or assets feeds both."""


class TieReason(StrEnum):
    """Why a client is no longer one of a group."""

    CONTROL_ENDED = "control-ended"
    GUARANTEE_RELEASED = "guarantee-released"
    INDEPENDENT = "independent"
    RECORDED_IN_ERROR = "recorded-in-error"


class GroupExists(Refused):
    """A group of that reference exists."""

    code = "clients.group-exists"


class UnknownGroup(Refused):
    """There is no group of that id."""

    code = "clients.unknown-group"


class InAGroup(Refused):
    """The client belongs to a group; groups that share a client are one."""

    code = "clients.in-a-group"


class NotInGroup(Refused):
    """The client does not belong to the group."""

    code = "clients.not-in-group"


def group_id(reference: str) -> UUID:
    """The id a group's reference stands for; raises BadReference."""
    return uuid5(GROUPS, checked_reference(reference))
