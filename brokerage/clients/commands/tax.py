"""People certify their tax residence, and again when circumstances change."""

from uuid import UUID

from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry, Source
from brokerage.ledger.refusal import check_reason
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.standing import TaxCertified, TaxCircumstancesChanged
from ..rules.person import PersonKind
from ..rules.signing import check_for_oneself
from ..rules.tax import Certificate, check_confirmed
from .application import sealed_as


@command("clients.certify-tax")
def certify_tax(entry: Entry, *, record: UUID) -> UUID:
    """Take a sealed self-certification of tax residence; returns the person's id.

    It says itself which doubts were confirmed. Raises UnknownRecord, UnknownPerson, PersonErased,
    BadCertificate, BadCountry, ForAnother, or CertificateDoubtful unless these are exactly what does not fit.
    """
    sealed = sealed_as(record, vault.Kind.CERTIFICATE)
    entry.lock(sealed.person)
    person = queries.person(sealed.person)
    if entry.context.source is Source.PORTAL:  # on paper the firm enters what somebody signed
        check_for_oneself(person.id, by=entry.context.maker, alone=queries.signs_alone(person.id))
    certificate: Certificate = vault.known(record)
    today = hong_kong_date(entry.effective_at)
    certificate.checked(today, is_entity=person.kind == PersonKind.ENTITY)
    check_confirmed(certificate, vault.known(person.version))
    entry.record(
        sealed.person,
        TaxCertified(
            record=record,
            digest=sealed.digest,
            countries=certificate.countries,
            entity=certificate.entity,
            signed_on=certificate.signed_on,
        ),
    )
    return sealed.person


@command("clients.note-tax-change")
def note_tax_change(entry: Entry, *, person: UUID, reason: str) -> None:
    """Note that circumstances changed, so that a new certificate is due within the time of grace.

    `reason` is a code, such as "address". Raises UnknownPerson, PersonErased or ReasonMissing.
    """
    entry.lock(person)
    queries.person(person)
    check_reason("clients", reason, "Say what changed, by a code.")
    entry.record(person, TaxCircumstancesChanged(changed_at=entry.effective_at, reason=reason))
