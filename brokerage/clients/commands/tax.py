"""People certify their tax residence, and again when circumstances change."""

from uuid import UUID

from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry, Source
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.standing import TaxCertified, TaxCircumstancesChanged
from ..queries.standing_authorities import is_named
from ..queries.tax import last_change, uncertified_controllers
from ..rules.documents import DocumentKind, UnknownDocument
from ..rules.person import PersonKind
from ..rules.reviews import Circumstance
from ..rules.signing import check_for_oneself
from ..rules.standing_authorities import check_fresh
from ..rules.tax import Certificate, EntityKind, check_confirmed, check_renewed
from .application import sealed_as


@command("clients.certify-tax")
def certify_tax(entry: Entry, *, record: UUID, document: UUID | None = None) -> UUID:
    """Take a sealed self-certification of tax residence (CARF); returns the person's id.

    It says itself which doubts were confirmed. `document` is the paper that the person signed, needed unless
    it is signed in the portal. A new record of the person's details, and changed circumstances, ask for a new
    one, signed since on a paper of its own; an entity that became passive asks for those of its controllers.
    Raises UnknownRecord, UnknownPerson, PersonErased, BadCertificate, BadCountry, ForAnother,
    UnknownDocument, PaperUsed, CertificateOutdated, or CertificateDoubtful unless these are exactly what
    does not fit.
    """
    sealed = sealed_as(record, vault.Kind.CERTIFICATE)
    certificate: Certificate = vault.known(record)
    asked = uncertified_controllers(sealed.person) if certificate.entity is EntityKind.PASSIVE else []
    entry.lock(sealed.person, *asked)
    person, changed = queries.person(sealed.person), last_change(sealed.person)
    if entry.context.source is Source.PORTAL:
        check_for_oneself(person.id, by=entry.context.maker, alone=queries.certifies_alone(person))
    elif document is None:
        raise UnknownDocument("Add the paper that the person signed, then name it.")
    else:
        paper = queries.paper(document, {person.id}, DocumentKind.SIGNATURE)
        used = changed is not None and is_named(paper)
        check_fresh(named=used, stored=hong_kong_date(paper.stored_at))
    check_renewed(certificate.signed_on, changed)
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
    for controller in set(asked).intersection(uncertified_controllers(person.id) if asked else ()):
        note_tax_change(entry, controller)
    return sealed.person


def note_tax_change(entry: Entry, person: UUID) -> None:
    """Record, on a locked stream, that what a person certified may be wrong, or that nothing was certified
    yet: a new one is due in time.
    """
    entry.record(
        person, TaxCircumstancesChanged(changed_at=entry.effective_at, reason=Circumstance.TAX_RESIDENCE)
    )
