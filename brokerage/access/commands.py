"""Logins of staff are opened and closed. Not facts of the book: no rule reads them."""

import secrets
from collections.abc import Collection

from django.contrib.auth.models import Group
from django.db import transaction

from brokerage.ledger.refusal import Refused

from .models import User


class UnknownRole(Refused):
    """A role that the desk does not have."""

    code = "access.unknown-role"


class NameTaken(Refused):
    """Somebody has this user name."""

    code = "access.name-taken"


class UnknownLogin(Refused):
    """There is no login of staff with this name."""

    code = "access.unknown-login"


@transaction.atomic
def open_login(name: str, roles: Collection[str]) -> str:
    """Make a staff login with these roles; returns its random first password.

    Raises UnknownRole or NameTaken.
    """
    groups = list(Group.objects.filter(name__in=roles))
    if missing := set(roles) - {group.name for group in groups}:
        known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
        raise UnknownRole(f"There is no role {', '.join(sorted(missing))}; there are {known}.")
    if User.objects.filter(username=name).exists():
        raise NameTaken(f"There is a login {name} already.", name=name)
    password = secrets.token_urlsafe(12)
    User.objects.create_user(name, password=password, is_staff=True).groups.set(groups)
    return password


def close_login(name: str) -> None:
    """Close a staff login for good; its sessions end with their next request. Raises UnknownLogin."""
    if not User.objects.filter(username=name, is_staff=True).update(is_active=False):
        raise UnknownLogin(f"There is no staff login {name}.", name=name)
