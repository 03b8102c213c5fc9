"""Logins are opened and closed."""

from collections.abc import Collection
from contextlib import suppress
from uuid import UUID, uuid5

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password

from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Context, Entry, Source
from brokerage.ledger.refusal import Refused

from ..events.logins import LoginOpened
from ..models import User
from ..rules import Role
from .staff_logins import OF_STAFF, shut_login
from .staff_people import check_only_login, checked_reference, person_of

NAMES = UUID("3b1d4c7e-58a0-4a49-9f0c-2d6e7a9c8b15")
"""The name space of the streams that names of logins are locked by."""


class UnknownRole(Refused):
    """A role that the desk does not have."""

    code = "access.unknown-role"


class NameTaken(Refused):
    """Somebody has this user name."""

    code = "access.name-taken"


class UnknownLogin(Refused):
    """There is no login of staff with this name."""

    code = "access.unknown-login"


def open_login(name: str, roles: Collection[str], reference: str, *, another: bool = False) -> None:
    """Make a staff login with these roles, whose owner chooses its password behind a link (`letters.way_in`).

    `reference` is the firm's own number of the human behind it: all logins under one number are one person
    wherever two people are asked for. `another` states that the person keeps an open login beside it.
    Raises UnknownRole, BadReference, HasLogin or NameTaken.
    """
    if missing := set(roles) - {str(role) for role in OF_STAFF}:
        known = ", ".join(sorted(OF_STAFF))
        raise UnknownRole(f"There is no role {', '.join(sorted(missing))}; there are {known}.")
    held = tuple(sorted(map(Role, set(roles))))
    add_staff_login(
        _by_hand(),
        name=name,
        encoded=make_password(None),
        reference=checked_reference(reference),
        roles=held,
        another=another,
    )


def open_client_login(name: str, person: UUID, password: str) -> None:
    """Make a login for a person who acts for clients and chose this password.

    Which clients it reaches is said by the person's authorities alone. Raises NameTaken, and
    ValidationError for a name or password that the policy refuses. Not to be called in a transaction.
    """
    User.username_validator(name)
    validate_password(password, User(username=name))
    add_login(_by_hand(), name=name, encoded=make_password(password), person=person)


def close_login(name: str) -> None:
    """Close a staff login for good; its sessions end with their next request. Raises UnknownLogin."""
    user = User.objects.filter(username=name, is_staff=True).first()
    if user is None:
        raise UnknownLogin(f"There is no staff login {name}.", name=name)
    with suppress(NothingToDo):
        shut_login(_by_hand(), login=user.pk)


def _by_hand() -> Context:
    """What is done at the machine itself, by whoever may log in there."""
    return Context(
        actor="job:staff-command",
        source=Source.JOB,
        key=f"access.by-hand:{seams.new_id()}",
        effective_at=seams.now(),
    )


@command("access.open-login")
def add_login(entry: Entry, *, name: str, encoded: str, person: UUID) -> int:
    """Keep a client's login whose password is hashed already; returns its number. Raises NameTaken."""
    return keep_login(entry, User(username=name, password=encoded, person=person), (Role.CLIENT,)).pk


@command("access.open-staff-login")
def add_staff_login(
    entry: Entry, *, name: str, encoded: str, reference: str, roles: tuple[Role, ...], another: bool
) -> int:
    """Keep a login of staff, as the person of its reference; returns its number. NameTaken, HasLogin."""
    person = person_of(entry, reference) or seams.new_id()
    check_only_login(person, another)
    user = User(username=name, password=encoded, person=person, is_staff=True)
    user.reference, user.another = reference, another
    return keep_login(entry, user, roles).pk


def keep_login(entry: Entry, user: User, roles: tuple[Role, ...]) -> User:
    """Keep a login within an entry, with these roles, its name locked until then. Raises NameTaken."""
    entry.lock(uuid5(NAMES, user.username))
    if User.objects.filter(username=user.username).exists():
        raise NameTaken("There is a login of that name already; choose another.")
    user.save(force_insert=True)
    user.groups.set([Group.objects.get_or_create(name=role)[0] for role in roles])
    entry.lock(user.stream)
    entry.record(user.stream, LoginOpened(person=user.person, roles=roles))
    return user
