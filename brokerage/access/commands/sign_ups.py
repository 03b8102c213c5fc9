"""Logins that people open for themselves: an address is confirmed by a link, then a password is set."""

import base64
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from brokerage.jobs import outbox
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Context, Entry, Source

from .. import notices, queries
from ..events.sign_up import SignUpAsked, SignUpConfirmed
from ..models import SignUp, User
from ..rules import BadAddress, Role, checked_email
from .logins import keep_login
from .passwords import LASTS, LinkSpent

LETTER = "access.sign-up"
LONGEST = 150
INVITED_FOR = timedelta(days=7)
A_DAY = timedelta(days=1)
PER_ADDRESS = 3
"""How many links go to one address within a day: of those strangers ask for, and of invitations."""


class TooManyLinks(NothingToDo):
    """The address was sent enough links today. Not noted: strangers would fill the book with it."""

    code = "access.too-many-links"


def by_stranger(person: UUID | None = None) -> Context:
    """The context of what somebody without a login does, now."""
    return Context(
        actor="portal:stranger",
        source=Source.PORTAL,
        key=f"{LETTER}:{seams.new_id()}",
        effective_at=seams.now(),
        maker=person,
    )


@command("access.ask-sign-up")
def ask_sign_up(entry: Entry, *, sealed: str, network: str) -> UUID:
    """Mail a link that opens a login to an address (from `sealed_address`); returns the link's id.

    Whether the address has a login is looked at when the letter is written, so that neither the answer nor
    its time tells. Raises TooManyLinks.
    """
    asked = seams.new_id()
    entry.lock(asked)
    leave_link(entry, asked, person=seams.new_id(), sealed=sealed, network=network)
    return asked


def leave_link(
    entry: Entry,
    asked: UUID,
    *,
    person: UUID,
    sealed: str,
    network: str = "",
    invited_by: UUID | None = None,
    by_firm: bool = False,
) -> None:
    """Leave a link for the person within an entry that has locked the stream `asked`; raises TooManyLinks.

    It takes the place of those the person was mailed before. What strangers asked for and invitations are
    counted apart, so that no stranger uses up the invitations.
    """
    digest = address_digest(notices.opened(sealed))
    sent = SignUp.objects.filter(digest=digest, asked_at__gt=entry.effective_at - A_DAY)
    if sent.filter(invited_by__isnull=invited_by is None).count() >= PER_ADDRESS:
        raise TooManyLinks("This address was sent enough links today. Try again tomorrow.")
    end_links(entry, {person}, of_firm=True)
    row = SignUp.objects.create(
        id=asked,
        person=person,
        sealed=base64.b64decode(sealed),
        digest=digest,
        network=network,
        invited_by=invited_by,
        by_firm=by_firm,
        asked_at=entry.effective_at,
        expires_at=entry.effective_at + (INVITED_FOR if invited_by else LASTS),
    )
    entry.record(asked, SignUpAsked(person=person, expires_at=row.expires_at))
    outbox.put(LETTER, f"{LETTER}:{asked}", {"asked": str(asked)})


def end_links(entry: Entry, persons: Collection[UUID], *, of_firm: bool = False) -> None:
    """Let the open links of these people open nothing any more, within an entry that says why.

    Those with which the firm invited them only with `of_firm`.
    """
    still_open = SignUp.objects.filter(person__in=persons, expires_at__gt=entry.effective_at)
    (still_open if of_firm else still_open.filter(by_firm=False)).update(expires_at=entry.effective_at)


@command("access.sign-up")
def sign_up(entry: Entry, *, asked: UUID, encoded: str) -> int:
    """Open the login that a link is for, with a password hashed already; returns the login's number.

    It is a client's login under the confirmed address, and reaches no client: which it does, the person's
    authorities alone say. Raises LinkSpent or NameTaken.
    """
    known = SignUp.objects.filter(pk=asked).first()
    if known is None:
        raise LinkSpent("This link was used, or is too old.")
    entry.lock(asked, known.person)
    row = SignUp.objects.select_for_update().filter(pk=asked).first()  # it may have been ended meanwhile
    if row is None or not queries.is_good(row, entry.effective_at):
        raise LinkSpent("This link was used, or is too old.")
    address = notices.opened_bytes(row.sealed)
    fresh = User(username=address, password=encoded, person=row.person, email=address)
    user = keep_login(entry, fresh, (Role.CLIENT,))
    entry.record(asked, SignUpConfirmed(login=user.stream))
    return user.pk


def sealed_address(address: str) -> str:
    """An address as the commands here take it: in small letters, because it names the login, and sealed.

    Raises BadAddress.
    """
    name = checked_email(address).lower()
    try:
        User.username_validator(name)
    except ValidationError as error:
        raise BadAddress("Write an e-mail address of letters, digits and @ . + - _ only.") from error
    if len(name) > LONGEST:
        raise BadAddress(f"Write an address of at most {LONGEST} characters.")
    return notices.sealed(name)


def address_digest(address: str) -> str:
    """What finds an address again: not to be guessed without the site's key."""
    return salted_hmac(LETTER, address, algorithm="sha256").hexdigest()
