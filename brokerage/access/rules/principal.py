"""Who asks, and whether he may."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from brokerage.ledger.refusal import Refused

from .roles import Perm


class NotEntitled(Refused):
    """The principal lacks the permission that this asks for."""

    code = "access.not-entitled"


class ConfirmationNeeded(Refused):
    """Somebody would do what matters without having shown a second factor in the last minutes."""

    code = "access.confirmation-needed"


class Kind(StrEnum):
    """Which kind of login stands behind a request."""

    STAFF = "staff"
    CLIENT = "client"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks. `clients` are those whose objects may be touched; None stands for all of them.

    `actor` names the login in entries ("staff:mei"), `person` the human being behind it; `confirmed_at`
    is when a second factor was last shown.
    """

    kind: Kind
    actor: str
    person: UUID
    permissions: frozenset[Perm]
    clients: frozenset[UUID] | None
    confirmed_at: datetime | None = None

    def may(self, permission: Perm) -> bool:
        """Whether the principal holds the permission."""
        return permission in self.permissions

    def check(self, permission: Perm) -> None:
        """Pass if the principal holds the permission; raises NotEntitled."""
        if not self.may(permission):
            raise NotEntitled("Your role does not allow this.", permission=permission)

    def covers(self, client: UUID) -> bool:
        """Whether the client's objects exist for this principal at all."""
        return self.clients is None or client in self.clients


def checked_person(person: UUID | None) -> UUID:
    """The person behind a decision; raises NotEntitled where there is none."""
    if person is None:
        raise NotEntitled("A decision takes a person.")
    return person


def check_entitled(demanded: Iterable[str], held: frozenset[Perm]) -> None:
    """Pass if all that is demanded is held; raises NotEntitled."""
    missing = sorted(set(demanded) - held)
    if missing:
        raise NotEntitled("Your role does not allow this.", permission=missing[0])
