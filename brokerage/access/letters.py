"""Letters that lead to a login: the link is made when the letter is written, and kept nowhere.

A link is the id of its row under the site's signature. Whoever reads the database cannot make one.
"""

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
from .commands.sign_ups import LETTER
from .models import SignUp, User

_SIGNER = signing.Signer(sep=".", salt=LETTER)


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
        "site": settings.SITE,
        "link": f"{settings.SITE}{reverse('portal-join')}?token={token(row.id)}",
        "until": row.expires_at,
    }
    letter = render_to_string("email/sign_up.txt", words)
    send_mail(_("Praya: your login"), letter, settings.DEFAULT_FROM_EMAIL, [address])
