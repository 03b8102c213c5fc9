"""What a client is told by mail. Addresses are looked up when it is sent; none is kept with the message."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from brokerage.access import notices

from . import queries, vault
from .models import StandingAuthority
from .rules.standing_authorities import ONE_DAY, a_year_from


class Unreachable(LookupError):
    """Somebody who may bind the client has no address, or nobody may bind it: the client is not told."""


@dataclass(frozen=True, slots=True)
class Told:
    """Whom a notice reached, and the SHA-256 of its text, which holds no personal data."""

    persons: tuple[UUID, ...]
    digest: str


def tell_of_renewal(authority: StandingAuthority) -> Told:
    """AST-2: mail the written notice that silence renews the authority to all who may bind the client.

    Returns once the mail system has accepted each. Raises Unreachable before any is sent, and what the mail
    system raises; sent again, somebody may get it twice.
    """
    persons = tuple(sorted(queries.authority_holders(authority.client)))
    addresses = [address for person in persons if (address := _address(person))]
    if not persons or len(addresses) < len(persons):
        raise Unreachable("each holder and signatory needs a login or a record with an address")
    words = {
        "reference": queries.client(authority.client).reference,
        "purpose": authority.purpose,
        "ends": authority.ends,
        "until": a_year_from(authority.ends + ONE_DAY) - ONE_DAY,
    }
    subject = _("Praya: a standing authority is about to be renewed")
    text = render_to_string("email/renewal.txt", words)
    for address in addresses:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address])
    return Told(persons, hashlib.sha256(text.encode()).hexdigest())


def _address(person: UUID) -> str | None:
    """The address of the person's login, or else the one in the person's record."""
    known = notices.address_for(person)
    row = None if known else queries.person_if_known(person)
    details = vault.known(row.version) if row else None
    return known or getattr(details, "email", None) or None
