"""Staff for tests of desk pages, and the statement of who may see what that the product is held to."""

from django.contrib.auth.models import Group, Permission

from brokerage.access.models import User

PASSWORD = "seven plain words make a fence"
SEES = {
    "operations": {"see_margin", "see_ledger", "see_jobs", "see_reference"},
    "credit": {"see_margin", "see_ledger", "see_reference"},
    "compliance": {"see_margin", "see_ledger", "see_reference"},
    "auditor": {"see_margin", "see_ledger", "see_jobs", "see_reference"},
}
PAGES = {
    "margin": "see_margin",
    "margin-account": "see_margin",
    "policy": "see_reference",
    "prices": "see_reference",
    "prices-set": "see_reference",
    "ledger": "see_ledger",
    "ledger-entry": "see_ledger",
    "ledger-event": "see_ledger",
    "jobs": "see_jobs",
    "jobs-runs": "see_jobs",
}
"""Each desk page and what it asks for; a page missing here fails test_gate."""
ANY_STAFF = {"root", "home", "password"}
PUBLIC = {"login", "logout", "healthz", "readyz", "set_language", "admin-login"}


def member(*roles: str, name: str = "staff", staff: bool = True) -> User:
    """A login with these roles; `staff=False` makes a client's."""
    user = User.objects.create_user(name, password=PASSWORD, is_staff=staff)
    for role in roles:
        group, _ = Group.objects.get_or_create(name=role)  # a flushed test database has lost them
        group.permissions.set(Permission.objects.filter(codename__in=SEES[role]))
        user.groups.add(group)
    return user
