"""What the owner of a login does with it: comes, goes, and changes what it is proved with.

The rows of logins, stays and second factors are written in the transaction of the entry that tells of it.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db.models import QuerySet

from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Context, Entry, Source
from brokerage.ledger.refusal import Refused

from .. import factors, notices
from ..events.logins import (
    ContactChanged,
    Ending,
    Factor,
    FactorAdded,
    FactorRemoved,
    LockedOut,
    PasswordChanged,
    Proof,
    SignedIn,
    SignedOut,
)
from ..models import SignIn, User
from ..notices import About

LOCKOUT = timedelta(minutes=15)
TYPES = {
    Factor.TOTP: Authenticator.Type.TOTP,
    Factor.PASSKEY: Authenticator.Type.WEBAUTHN,
    Factor.RECOVERY_CODES: Authenticator.Type.RECOVERY_CODES,
}


class LastFactor(Refused):
    """A login would be left without a second factor."""

    code = "access.last-factor"


def own(user: User, key: str | None = None) -> Context:
    """The context of what a person does with his own login, now."""
    return Context(
        actor=user.actor,
        source=Source.STAFF if user.is_staff else Source.PORTAL,
        key=f"{user.actor}:{key or seams.new_id()}",
        effective_at=seams.now(),
        maker=user.person,
    )


def locked(entry: Entry, login: int, *others: UUID) -> User:
    """The login, its stream and others locked until the entry is written; read once they are."""
    entry.lock(User(pk=login).stream, *others)
    return User.objects.get(pk=login)


@command("access.sign-in")
def sign_in(entry: Entry, *, login: int, stay: UUID, proof: Proof, unknown: bool, sealed: str) -> None:
    """Begin a stay from an address with a device (`sealed_origin`), neither of which the book learns.

    From a browser that is unknown to the login, its owner gets a notice.
    """
    user = locked(entry, login)
    address, device = json.loads(notices.opened(sealed))
    SignIn.objects.create(
        id=stay,
        user=user,
        address=address or None,
        device=device,
        began_at=entry.effective_at,
        seen_at=entry.effective_at,
    )
    entry.record(user.stream, SignedIn(sign_in=stay, proof=proof))
    if unknown:
        notices.put(user, About.SIGN_IN, str(stay), sign_in=stay)


def sealed_origin(address: str, device: str) -> str:
    """Where a stay comes from, and from what, as `sign_in` takes it."""
    return notices.sealed(json.dumps([address, device]))


@command("access.sign-out")
def end_stays(
    entry: Entry, *, login: int, ending: Ending, only: UUID | None = None, but: UUID | None = None
) -> int:
    """End the login's open stays, all, `only` one or all `but` one; how many. Raises NothingToDo for none."""
    user = locked(entry, login)
    stays = open_stays(user, but)
    stays = stays.filter(id=only) if only else stays
    return ended(entry, user, stays, ending)


def open_stays(user: User, but: UUID | None = None) -> QuerySet[SignIn]:
    """The login's stays that were not ended, `but` one; some may have timed out."""
    stays = SignIn.objects.filter(user=user, ended_at=None)
    return stays.exclude(id=but) if but else stays


def ended(entry: Entry, user: User, stays: QuerySet[SignIn], ending: Ending) -> int:
    """End these stays within an entry; raises NothingToDo for none."""
    ids = tuple(stays.values_list("id", flat=True))
    if not ids:
        raise NothingToDo("There is no such session any more.")
    SignIn.objects.filter(id__in=ids).update(ended_at=seams.now())
    entry.record(user.stream, SignedOut(sign_ins=ids, ending=ending))
    return len(ids)


@command("access.change-password")
def change_password(entry: Entry, *, login: int, encoded: str, stay: UUID | None) -> None:
    """Keep another password, already hashed; every stay but the one it was changed in ends."""
    user = locked(entry, login)
    user.password = encoded
    user.save(update_fields=["password"])
    entry.record(user.stream, PasswordChanged())
    others = open_stays(user, but=stay)
    if others.exists():
        ended(entry, user, others, Ending.PASSWORD)
    notices.put(user, About.PASSWORD, str(entry.id), sign_in=stay)


@command("access.add-factor")
def add_factor(entry: Entry, *, login: int, factor: Factor, data: dict[str, Any], stay: UUID | None) -> None:
    """Keep a second factor whose possession was just shown. Codes for the day it is lost come with the first.

    Secrets in `data` are sealed. An app takes the place of the one before.
    """
    user = locked(entry, login)
    kept = Authenticator.objects.filter(user=user)
    if factor is not Factor.PASSKEY:
        kept.filter(type=TYPES[factor]).delete()
    if factor is Factor.RECOVERY_CODES:
        RecoveryCodes.activate(user)
    else:
        Authenticator.objects.create(user=user, type=TYPES[factor], data=data)
    entry.record(user.stream, FactorAdded(factor=factor))
    notices.put(user, About.FACTOR_ADDED, str(entry.id), sign_in=stay)
    others = open_stays(user, but=stay)
    if factor is not Factor.RECOVERY_CODES and others.exists():
        ended(entry, user, others, Ending.FACTOR)
    if not kept.filter(type=TYPES[Factor.RECOVERY_CODES]).exists():
        RecoveryCodes.activate(user)
        entry.record(user.stream, FactorAdded(factor=Factor.RECOVERY_CODES))


@command("access.remove-factor")
def remove_factor(entry: Entry, *, login: int, factor: int, stay: UUID | None) -> None:
    """Take away a second factor of the login's own; raises NothingToDo, or LastFactor for the last.

    Who has lost the last one asks for the login to be set back, which takes two people.
    """
    user = locked(entry, login)
    row = Authenticator.objects.filter(user=user, pk=factor).first()
    if row is None:
        raise NothingToDo("This second factor was removed before.")
    kind = next(factor for factor, type in TYPES.items() if type == row.type)
    row.delete()
    if not factors.has_any(user):
        raise LastFactor("Add another second factor before you remove this one.")
    entry.record(user.stream, FactorRemoved(factor=kind))
    others = open_stays(user, but=stay)
    if others.exists():
        ended(entry, user, others, Ending.FACTOR)
    notices.put(user, About.FACTOR_REMOVED, str(entry.id), sign_in=stay)


@command("access.change-contact")
def change_contact(entry: Entry, *, login: int, sealed: str, stay: UUID | None) -> None:
    """Send notices to another address from now on (sealed in `sealed`); the one before is told last."""
    user = locked(entry, login)
    before = user.email
    user.email = notices.opened(sealed)
    user.save(update_fields=["email"])
    entry.record(user.stream, ContactChanged())
    if before:
        notices.put(user, About.CONTACT, str(entry.id), sign_in=stay, to=before)


def note_lockout(user: User, *, codes: bool, at: datetime) -> None:
    """Tell that tries on a login have to wait, since a failure at that time; once in a quarter of an hour."""
    window = int(at.timestamp() // LOCKOUT.total_seconds())
    context = Context(
        actor="job:lockout",
        source=Source.JOB,
        key=f"access.locked-out:{user.stream}:{codes}:{window}",
        effective_at=at,
    )
    lock_out(context, login=user.pk, codes=codes)


@command("access.lock-out")
def lock_out(entry: Entry, *, login: int, codes: bool) -> None:
    """Tell that tries on the login have to wait; its owner gets a notice, once a day at most."""
    user = locked(entry, login)
    entry.record(user.stream, LockedOut(codes=codes))
    notices.put(user, About.LOCKED_OUT, f"{user.stream}:locked:{entry.effective_at:%Y-%m-%d}")
