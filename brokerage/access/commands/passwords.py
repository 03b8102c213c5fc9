"""The first password of a login, after it was opened or reset: its owner chooses it behind a link.

Until then the login has none, so nobody else ever knew what opens it, and no letter holds a password.
"""

from datetime import timedelta

from django.utils.crypto import constant_time_compare, salted_hmac

from brokerage.jobs import outbox
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused

from .. import notices
from ..events.logins import PasswordChanged
from ..models import User
from ..notices import About
from .stays import locked

CHOICE = "access.choose-password"
LASTS = timedelta(hours=4)
"""How long a link is good that nobody invited to."""


class LinkSpent(Refused):
    """The link was used, is too old, or what it was for is settled by now."""

    code = "access.link-spent"


def mark(user: User) -> str:
    """What a link to choose a password is bound to: it changes with each reset, and once one was chosen."""
    return salted_hmac(CHOICE, user.password, algorithm="sha256").hexdigest()


def awaits(user: User, seen: str) -> bool:
    """Whether an open login still waits for its first password, as when a link was made of its mark."""
    return user.is_active and not user.has_usable_password() and constant_time_compare(mark(user), seen)


@command(CHOICE)
def choose_password(entry: Entry, *, login: int, seen: str, encoded: str) -> None:
    """Keep the first password, hashed already, of a login whose mark is `seen`; raises LinkSpent.

    Second factors stay as they are: the link opens no stay, and whoever has a factor shows it at the door.
    """
    user = locked(entry, login)
    if not awaits(user, seen):
        raise LinkSpent("This link was used, or is too old.")
    user.password = encoded
    user.save(update_fields=["password"])
    entry.record(user.stream, PasswordChanged())
    notices.put(user, About.PASSWORD, str(entry.id))


def leave_choice(entry: Entry, user: User) -> None:
    """Leave a letter with a link to choose a password, to the address for notices, within the entry."""
    until = entry.effective_at + LASTS
    said = {"login": user.pk, "to": notices.sealed(user.email), "until": until.isoformat()}
    outbox.put(CHOICE, f"{CHOICE}:{entry.id}", said)
