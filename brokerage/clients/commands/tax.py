"""People certify their tax residence, and again when circumstances change."""

from uuid import UUID

from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry, Source
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.standing import TaxCertified, TaxCircumstancesChanged
from ..rules.documents import DocumentKind, UnknownDocument
from ..rules.person import PersonKind
from ..rules.reviews import Circumstance
from ..rules.signing import check_for_oneself
from ..rules.tax import Certificate, check_confirmed
from .application import sealed_as


@command("clients.certify-tax")
def certify_tax(entry: Entry, *, record: UUID, document: UUID | None = None) -> UUID:
    """Take a sealed self-certification of tax residence (CARF); returns the person's id.

    It says itself which doubts were confirmed. `document` is the paper that the person signed, needed unless
    it is signed in the portal. A new record of the person's details asks for a new one. Raises UnknownRecord,
    UnknownPerson, PersonErased, BadCertificate, BadCountry, ForAnother, UnknownDocument, or
    CertificateDoubtful unless these are exactly what does not fit.
    """
    sealed = sealed_as(record, vault.Kind.CERTIFICATE)
    entry.lock(sealed.person)
    person = queries.person(sealed.person)
    if entry.context.source is Source.PORTAL:
        check_for_oneself(person.id, by=entry.context.maker, alone=queries.signs_alone(person.id))
    elif document is None:
        raise UnknownDocument("Add the paper that the person signed, then name it.")
    else:
        queries.paper(document, {person.id}, DocumentKind.SIGNATURE)
    certificate: Certificate = vault.known(record)
    today = hong_kong_date(entry.effective_at)
    certificate.checked(today, is_entity=person.kind == PersonKind.ENTITY)
    check_confirmed(certificate, vault.known(person.version))
    entry.record(
        sealed.person,
        TaxCertified(
            record=record,
            digest=sealed.digest,
            version=person.version,
            document=document,
            entity=certificate.entity,
            signed_on=certificate.signed_on,
        ),
    )
    return sealed.person


def note_tax_change(entry: Entry, person: UUID) -> None:
    """Record, on a locked stream, that what a person certified may be wrong: a new one is due in time."""
    entry.record(
        person, TaxCircumstancesChanged(changed_at=entry.effective_at, reason=Circumstance.TAX_RESIDENCE)
    )
