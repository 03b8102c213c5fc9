"""Agreements are published by two people, and signed by those who are bound."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.commands import Around, NothingToDo, command
from brokerage.ledger.entry import Entry, Source
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.application import AgreementPublished, AgreementSigned
from ..models import Agreement, AgreementText
from ..rules.agreements import (
    AgreementChanged,
    AgreementKind,
    agreement_id,
    agreement_stream,
    check_confirmed,
    text_digest,
)
from ..rules.application import OPEN, ApplicationClosed, UnknownParty
from ..rules.signing import check_for_oneself
from ..rules.terms import terms
from .application import locked, sealed_as


def keeping_text(text: str) -> Around:
    """Keeps the words of an agreement as the command begins, for `Command.within`: what is refused leaves
    none behind. Raises BadAgreement.
    """
    digest = text_digest(text)

    @contextmanager
    def around(entry: Entry) -> Iterator[None]:
        AgreementText.objects.get_or_create(digest=digest, defaults={"text": text})
        yield

    return around


@command("clients.publish-agreement")
def publish_agreement(entry: Entry, *, kind: AgreementKind, digest: str) -> UUID:
    """Put a kept text in force as the next version; returns the version's id. Two people.

    Raises UnknownAgreement for a text not kept, AgreementChanged if it is in force, SecondPersonNeeded.
    """
    stream = agreement_stream(kind)
    entry.lock(stream)
    queries.agreement_text(digest)
    newest = Agreement.objects.filter(kind=kind).order_by("-version").first()
    if newest is not None and newest.digest == digest:
        raise AgreementChanged("This text is in force already.", kind=kind)
    entry.second_person(Perm.APPROVE_AGREEMENTS, kind=kind)
    version = 1 if newest is None else newest.version + 1
    agreement = agreement_id(kind, version)
    published = AgreementPublished(agreement=agreement, kind=kind, version=version, digest=digest)
    entry.record(stream, published)
    return agreement


@command("clients.sign-agreement")
def sign_agreement(
    entry: Entry,
    *,
    application: UUID,
    person: UUID,
    agreement: UUID,
    digest: str,
    circumstances: UUID,
    confirmed_at: datetime | None = None,
) -> None:
    """Sign the version that was read (CLI-5).

    `digest` is the text's as shown; `circumstances` a vault record of from where; `confirmed_at` when the
    second factor was shown. Raises UnknownApplication, ApplicationClosed, UnknownParty, ForAnother,
    UnknownAgreement, AgreementChanged, NotConfirmed or UnknownRecord; NothingToDo when the person has signed
    this version.
    """
    found = locked(entry, application)
    if found.state not in OPEN:
        raise ApplicationClosed("This application was decided or withdrawn.", state=found.state)
    if person not in queries.facts(found).signers:
        raise UnknownParty("Only those who sign for the client sign its agreements.", person=person)
    if entry.context.source is Source.PORTAL:
        check_for_oneself(person, by=entry.context.maker, alone=True)
    signed = queries.agreement(agreement)
    newest = queries.agreements_in_force()[AgreementKind(signed.kind)]
    if newest.id != signed.id or newest.digest != digest:
        raise AgreementChanged("A newer version is in force. Read it, then sign.", agreement=newest.id)
    if any((each.person, each.agreement) == (person, agreement) for each in queries.signatures(application)):
        raise NothingToDo("This version is signed already.", agreement=agreement)
    check_confirmed(confirmed_at, entry.effective_at, terms(hong_kong_date(entry.effective_at)))
    sealed_as(circumstances, vault.Kind.CIRCUMSTANCES)
    event = AgreementSigned(
        person=person,
        agreement=agreement,
        digest=digest,
        circumstances=circumstances,
        confirmed_at=confirmed_at,
    )
    entry.record(application, event)
