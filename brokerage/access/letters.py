"""Letters that lead to a login: the link is made when the letter is written, and kept nowhere.

A link is under the site's signature: the id of a row, or which login waits for its first password. Whoever
reads the database cannot make one.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from brokerage.jobs import outbox
from brokerage.ledger import seams

from . import notices, queries
from .commands.passwords import CHOICE, LASTS, awaits, mark
from .commands.sign_ups import LETTER
from .models import SignUp, User
from .step_up import face_of

_SIGNER = signing.Signer(sep=".", salt=LETTER)
_CHOICES = signing.Signer(sep=".", salt=CHOICE)


def token(asked: UUID) -> str:
    """The id of a link, signed."""
    return _SIGNER.sign(str(asked))


def link_of(token: str) -> SignUp | None:
    """The link that a token is for, while it is good; None for anything else."""
    try:
        row = SignUp.objects.filter(pk=UUID(_SIGNER.unsign(token))).first()
    except (signing.BadSignature, ValueError):
        return None
    return row if row and queries.is_good(row, seams.now()) else None


@outbox.handler(LETTER)
def send(message: outbox.Message) -> None:
    """Mail the link, or to an address that has a login already, that it has one; a spent link is not sent."""
    row = SignUp.objects.filter(pk=message.payload["asked"]).first()
    if row is None or not queries.is_good(row, seams.now()):
        return
    address = notices.opened_bytes(row.sealed)
    known = User.objects.filter(username__iexact=address).exists()
    words = {
        "known": known,
        "invited": row.invited_by is not None,
        "by_firm": row.by_firm,
        "site": settings.SITE,
        "link": f"{settings.SITE}{reverse('portal-join')}?token={token(row.id)}",
        "until": row.expires_at,
    }
    letter = render_to_string("email/sign_up.txt", words)
    send_mail(_("Praya: your login"), letter, settings.DEFAULT_FROM_EMAIL, [address])


def way_in(user: User, until: datetime | None = None) -> str:
    """The address where the owner of a login that has no password chooses one; good once, and four hours."""
    until = until or seams.now() + LASTS
    said = {"login": user.pk, "mark": mark(user), "until": until.isoformat()}
    page = reverse(f"{face_of(user.is_staff)}choose-password")
    return f"{settings.SITE}{page}?token={_CHOICES.sign_object(said)}"


def choice_of(token: str) -> tuple[User, str] | None:
    """The login that a token lets its owner choose a password for, and its mark; None for anything else."""
    try:
        said = _CHOICES.unsign_object(token)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=said["login"]).first()
    in_time = seams.now() < datetime.fromisoformat(said["until"])
    return (user, said["mark"]) if in_time and user and awaits(user, said["mark"]) else None


@outbox.handler(CHOICE)
def send_choice(message: outbox.Message) -> None:
    """Mail the link to whoever was locked out, unless a password was chosen or its time ran out meanwhile."""
    user = User.objects.filter(pk=message.payload["login"]).first()
    until = datetime.fromisoformat(message.payload["until"])
    if user is None or not awaits(user, mark(user)) or seams.now() >= until:
        return
    words = {"link": way_in(user, until), "until": until}
    letter, to = render_to_string("email/choose_password.txt", words), notices.opened(message.payload["to"])
    send_mail(_("Praya: your login was reset by the firm"), letter, settings.DEFAULT_FROM_EMAIL, [to])
