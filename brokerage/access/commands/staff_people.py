"""Which human a login of staff is: two logins of one human are one person wherever two people are asked."""

import re
from uuid import UUID, uuid5

from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.ledger.refusal import Refused

from ..events.logins import LoginIdentified
from ..models import User
from ..rules import Perm
from .api_keys import keys_of, revoke_each
from .staff_logins import NotForStaff, OwnLogin
from .stays import locked

REFERENCES = UUID("c2a6a5a8-0d7e-4b43-9d0b-6f0f6f6f5d11")
"""The name space of the streams that logins of one reference are locked by."""
SHAPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")


class BadReference(Refused):
    """A number of a member of staff that could be none."""

    code = "access.bad-reference"


class HasLogin(Refused):
    """The person has an open login of staff already."""

    code = "access.has-login"


def checked_reference(text: str) -> str:
    """The firm's number of a member of staff, in capitals; raises BadReference."""
    reference = text.strip().upper()
    if not SHAPE.fullmatch(reference):
        raise BadReference(
            "Give the firm's own number of this member of staff: letters, digits and . _ / - only."
        )
    return reference


def person_of(entry: Entry, reference: str) -> UUID | None:
    """Whom logins of that reference stand for, locked until the entry is written; None if there are none."""
    entry.lock(uuid5(REFERENCES, reference))
    return User.objects.filter(is_staff=True, reference=reference).values_list("person", flat=True).first()


def check_only_login(person: UUID, another: bool, but: User | None = None) -> None:
    """Pass if the person has no open login of staff (`but` one), or is stated to keep it; raises HasLogin."""
    others = User.objects.filter(person=person, is_staff=True, is_active=True).order_by("pk")
    if not another and (other := (others.exclude(pk=but.pk) if but else others).first()):
        raise HasLogin(
            f"This person has the login {other.username}; close it first, or state that both are needed."
        )


@command("access.identify-login")
def identify_login(entry: Entry, *, login: int, reference: str, another: bool) -> None:
    """Say which human an open login of staff is, by two others. Its person is then that of the reference.

    What hangs on the person it counted as before ends there: that person's keys are revoked, for they may be
    this human's and rest on another's rights, and what it proposed can no longer be approved. Raises
    BadReference, NotForStaff, OwnLogin, HasLogin or SecondPersonNeeded.
    """
    reference = checked_reference(reference)
    known, keys = person_of(entry, reference), keys_of(login)
    user = locked(entry, login, *keys)
    if not user.is_staff or not user.is_active:
        raise NotForStaff("Choose an open login of staff.")
    if (user.reference, user.another) == (reference, another):
        raise NothingToDo("This is stated already.")
    person = known or _own_person(user)
    if {user.person, person} & {entry.context.maker, entry.context.checker}:
        raise OwnLogin("Nobody says who he is himself, or approves it; ask two others.")
    check_only_login(person, another, but=user)
    entry.second_person(Perm.APPROVE_ACCESS)
    if person != user.person:
        revoke_each(entry, keys)
    user.reference, user.another, user.person = reference, another, person
    user.save(update_fields=["reference", "another", "person"])
    entry.record(user.stream, LoginIdentified(person=person))


def _own_person(user: User) -> UUID:
    """Whom a login stands for whose reference no other has: the same as before, unless others of staff do.

    A login as a client does not count: who works here may be a client too, and stays one person.
    """
    shared = User.objects.filter(person=user.person, is_staff=True).exclude(pk=user.pk).exists()
    return seams.new_id() if shared else user.person
