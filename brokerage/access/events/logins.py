"""What happened to a login, on the login's own stream. Which human it is stands in the login's row only."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from brokerage.ledger.registry import Audience, event

from ..rules import Role


class Factor(StrEnum):
    """What a person shows besides the password."""

    PASSKEY = "passkey"
    TOTP = "totp"
    RECOVERY_CODES = "recovery-codes"


class Proof(StrEnum):
    """What a login was opened with."""

    PASSWORD = "password"  # noqa: S105
    CODE = "password-and-code"
    PASSKEY = "passkey"


class Ending(StrEnum):
    """Why a stay ended before its time."""

    LOGOUT = "logout"
    REVOKED = "revoked"
    PASSWORD = "password-changed"  # noqa: S105
    FACTOR = "factor-changed"
    CLOSED = "login-closed"


@event("access.login-opened", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOpened:
    """A login exists from now on, with these roles."""

    person: UUID
    roles: tuple[Role, ...]


@event("access.login-identified", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class LoginIdentified:
    """Two others said which human the login of staff is; from now on it counts as that person."""

    person: UUID


@event("access.login-closed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class LoginClosed:
    """The login is of no more use, and all its stays ended."""


@event("access.login-erased", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class LoginErased:
    """Nothing about the login says any more whose it was."""


@event("access.role-granted", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted:
    """The login holds the role from now on."""

    role: Role


@event("access.role-removed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRemoved:
    """The login no longer holds the role."""

    role: Role


@event("access.factors-reset", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class FactorsReset:
    """Two of the staff took all second factors and the password off a login whose owner was locked out."""

    reason: str


@event("access.signed-in", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A stay began; where from is kept with the stay for as long as its owner may want to see it."""

    sign_in: UUID
    proof: Proof


@event("access.signed-out", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """Stays ended before their time."""

    sign_ins: tuple[UUID, ...]
    ending: Ending


@event("access.locked-out", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class LockedOut:
    """Too many wrong passwords or codes: tries wait for a quarter of an hour. Noted once in that time."""

    codes: bool


@event("access.password-changed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged:
    """The login's owner set another password."""


@event("access.factor-added", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class FactorAdded:
    """The login's owner set up a second factor, or a fresh set of recovery codes."""

    factor: Factor


@event("access.factor-removed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRemoved:
    """The login's owner took a second factor away."""

    factor: Factor


@event("access.contact-changed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged:
    """Notices about the login go to another address; the one before was told."""
