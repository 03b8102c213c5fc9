"""Notices about a login, sent on another channel than the one it is used through.

A message holds ids only; where it goes is looked up when it is sent.
"""

import base64
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from brokerage.jobs import outbox
from brokerage.ledger import seams

from . import envelope
from .models import SignIn, User

KIND = "access.notice"
PURPOSE = "access.notice-address"


class About(StrEnum):
    """What a notice tells."""

    SIGN_IN = "sign-in"
    LOCKED_OUT = "locked-out"
    PASSWORD = "password-changed"  # noqa: S105
    FACTOR_ADDED = "factor-added"
    FACTOR_REMOVED = "factor-removed"
    CONTACT = "contact-changed"
    KEY = "key-made"


WORDS = {
    About.SIGN_IN: gettext_lazy("Your login was used from a new browser"),
    About.LOCKED_OUT: gettext_lazy("Somebody failed to log in as you several times"),
    About.PASSWORD: gettext_lazy("Your password was changed"),
    About.FACTOR_ADDED: gettext_lazy("A second factor was added to your login"),
    About.FACTOR_REMOVED: gettext_lazy("A second factor was removed from your login"),
    About.CONTACT: gettext_lazy("Notices about your login go to another address now"),
    About.KEY: gettext_lazy("An API key was made in your name"),
}


def put(user: User, about: About, key: str, *, sign_in: UUID | None = None, to: str | None = None) -> None:
    """Leave a notice in the open transaction. `to` is an address about to be replaced, kept sealed."""
    payload = {
        "login": user.pk,
        "about": about,
        "at": seams.now().isoformat(),
        "sign_in": str(sign_in) if sign_in else None,
        "to": sealed(to) if to else None,
    }
    outbox.put(KIND, f"{KIND}:{key}", payload)


@outbox.handler(KIND)
def send(message: outbox.Message) -> None:
    """Mail one notice; a login without any address gets none, nor one whose person was erased meanwhile."""
    user = User.objects.filter(pk=message.payload["login"]).first()
    if user is None or user.username == user.erased_name:
        return
    to = opened(message.payload["to"]) if message.payload["to"] else user.email
    if not to:
        return
    about = About(message.payload["about"])
    stay = SignIn.objects.filter(id=message.payload["sign_in"]).first()
    words = {
        "what": WORDS[about],
        "at": datetime.fromisoformat(message.payload["at"]),
        "address": stay.address if stay else None,
        "device": stay.device if stay else None,
    }
    subject = _("Praya: %(what)s") % {"what": WORDS[about]}
    send_mail(subject, render_to_string("email/notice.txt", words), settings.DEFAULT_FROM_EMAIL, [to])


def sealed(text: str) -> str:
    """An address as a message or a command may carry it."""
    return base64.b64encode(envelope.seal(PURPOSE, text.encode())).decode()


def opened(text: str) -> str:
    """What was sealed."""
    return opened_bytes(base64.b64decode(text))


def opened_bytes(sealed: bytes | memoryview) -> str:
    """What was sealed, from the bytes that a row keeps."""
    return envelope.unseal(PURPOSE, bytes(sealed)).decode()


def address_for(person: UUID) -> str | None:
    """Where notices to a person go, by whatever open login; None for one who cannot be reached."""
    known = User.objects.filter(person=person, is_active=True).exclude(email="").order_by("pk").first()
    return known.email if known else None
