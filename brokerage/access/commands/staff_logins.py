"""What staff do with others' logins: roles, closing, and letting whoever is locked out back in.

Giving or taking rights takes two people, neither of whom is the one it is about. Stopping a login takes one.
"""

from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group

from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused, check_reason

from ..events.logins import Ending, FactorsReset, LoginClosed, RoleGranted, RoleRemoved
from ..models import User
from ..rules import Perm, Role
from .api_keys import keys_of, revoke_each
from .passwords import leave_choice
from .stays import ended, locked, open_stays

OF_STAFF = frozenset(Role) - {Role.CLIENT, Role.MACHINE}


class OwnLogin(Refused):
    """Somebody would change his own rights, or approve that they are changed."""

    code = "access.own-login"


class NotForStaff(Refused):
    """A role that is not one of staff's, or a login that is not open or not a member of staff's."""

    code = "access.not-for-staff"


class NoContact(Refused):
    """Nobody knows where to send the link behind which the password is chosen."""

    code = "access.no-contact"


@command("access.grant-role")
def grant_role(entry: Entry, *, login: int, role: Role) -> None:
    """Give a login of staff a role, by two people. Raises OwnLogin, NotForStaff or SecondPersonNeeded."""
    user = _of_another(entry, login, role)
    if user.groups.filter(name=role).exists():
        raise NothingToDo("The login holds this role.")
    entry.second_person(Perm.APPROVE_ACCESS)
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    entry.record(user.stream, RoleGranted(role=role))


@command("access.remove-role")
def remove_role(entry: Entry, *, login: int, role: Role) -> None:
    """Take a role from a login of staff, by two people. Raises OwnLogin, NotForStaff, SecondPersonNeeded."""
    user = _of_another(entry, login, role)
    if not user.groups.filter(name=role).exists():
        raise NothingToDo("The login does not hold this role.")
    entry.second_person(Perm.APPROVE_ACCESS)
    user.groups.remove(Group.objects.get(name=role))
    entry.record(user.stream, RoleRemoved(role=role))


@command("access.shut-login")
def shut_login(entry: Entry, *, login: int) -> None:
    """Close a login for good, at once, and revoke the person's keys; one person is enough.

    Raises OwnLogin or NothingToDo.
    """
    keys = keys_of(login)
    user = locked(entry, login, *keys)
    _check_another(entry, user)
    if not user.is_active:
        raise NothingToDo("The login was closed before.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    entry.record(user.stream, LoginClosed())
    _end_all(entry, user, Ending.CLOSED, keys)


@command("access.reset-login")
def reset_login(entry: Entry, *, login: int, reason: str) -> None:
    """Let a locked-out owner back in, by two people who made sure of him: `reason` says how, in a code.

    The password and all second factors go, sessions end, the person's keys are revoked, and a link behind
    which the owner chooses another password is sent to the address for notices; neither of the two sees it.
    Raises OwnLogin, NotForStaff, NoContact, ReasonMissing or SecondPersonNeeded.
    """
    keys = keys_of(login)
    user = locked(entry, login, *keys)
    _check_another(entry, user)
    if not user.is_active:
        raise NotForStaff("The login is closed.")
    check_reason("access", reason, "Say how you made sure that it is the owner who asks.")
    if not user.email:
        raise NoContact("There is no address to send a link to; open a new login instead.")
    entry.second_person(Perm.APPROVE_ACCESS)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user=user).delete()
    entry.record(user.stream, FactorsReset(reason=reason))
    _end_all(entry, user, Ending.FACTOR, keys)
    leave_choice(entry, user)


def _of_another(entry: Entry, login: int, role: Role) -> User:
    """The login of a member of staff, not of those who act; raises OwnLogin or NotForStaff."""
    user = locked(entry, login)
    _check_another(entry, user)
    if role not in OF_STAFF or not user.is_staff or not user.is_active:
        raise NotForStaff("Choose an open login of staff, and a role of staff.")
    return user


def _check_another(entry: Entry, user: User) -> None:
    if user.person in (entry.context.maker, entry.context.checker):
        raise OwnLogin("Nobody changes his own rights, or approves it; ask two others.")


def _end_all(entry: Entry, user: User, ending: Ending, keys: list[UUID]) -> None:
    """End the stays, and revoke those of the locked keys that still live."""
    stays = open_stays(user)
    if stays.exists():
        ended(entry, user, stays, ending)
    revoke_each(entry, keys)
