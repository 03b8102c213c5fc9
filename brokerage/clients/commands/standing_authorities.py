"""Standing authorities: given, announced for renewal, objected to, renewed, revoked, lapsed (AST-2)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from brokerage.jobs import outbox
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry, Source
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries
from ..events.standing_authorities import (
    RenewalAnnounced,
    RenewalNoticeDelivered,
    RenewalObjected,
    StandingAuthorityEnded,
    StandingAuthorityGiven,
    StandingAuthorityRenewed,
)
from ..models.standing_authorities import StandingAuthority
from ..queries.standing_authorities import covered, is_named, standing_authorities, standing_authority
from ..rules.mandate import check_instructed
from ..rules.standing_authorities import (
    ONE_DAY,
    End,
    NothingToObject,
    Purpose,
    PurposeCovered,
    a_year_from,
    check_fresh,
    check_given,
    check_notice,
    check_term,
    end_of_term,
)
from ..rules.status import Act, Classification, ClientStatus, check_may

RENEWAL_NOTICE = "clients.renewal-notice"
"""The kind of an outbox message that tells a client of a renewal by silence."""


@command("clients.give-standing-authority")
def give_standing_authority(
    entry: Entry,
    *,
    client: UUID,
    purpose: Purpose,
    ends: date,
    revocation_stated: bool,
    documents: Sequence[UUID] = (),
) -> UUID:
    """Record what the client lets the firm do until the end of a day; returns the authority's id.

    `documents` are papers signed by as many as the mandate asks (CLI-13); without them only the client itself
    can give it, in the portal. Raises UnknownClient, NotActive, MandateNotMet, UnknownDocument, PaperUsed,
    NotWritten, RevocationMissing, TermTooLong or PurposeCovered.
    """
    entry.lock(client)
    _check_active(client)
    _check_signed(entry, client)
    starts = hong_kong_date(entry.effective_at)
    check_given(
        queries.investor(client, starts).classification,
        starts=starts,
        ends=ends,
        written=_written(entry, client, documents),
        revocation_stated=revocation_stated,
    )
    if covered(client, purpose, starts):
        raise PurposeCovered("An authority for this purpose is in force; renew it.", client=client)
    authority = seams.new_id()
    given = StandingAuthorityGiven(
        authority=authority, purpose=purpose, starts=starts, ends=ends, documents=tuple(documents)
    )
    entry.record(client, given)
    return authority


@command("clients.announce-renewal")
def announce_renewal(entry: Entry, *, authority: UUID) -> None:
    """Have the client told that silence renews the authority; at least 14 days before its end.

    Again as long as no notice was delivered: the one before may have found the client stopped. Raises
    UnknownStandingAuthority, NotActive, NoticeTooLate, or NothingToDo when it was told or objected to.
    """
    found = _locked(entry, authority)
    _check_active(found.client)
    if found.delivered is not None or found.objected:
        raise NothingToDo("The client was told of the renewal, or objected.", authority=authority)
    check_notice(found.ends, hong_kong_date(entry.effective_at))
    entry.record(found.client, RenewalAnnounced(authority=authority, ends=found.ends))
    about = {"authority": str(authority), "ends": found.ends.isoformat()}
    outbox.put(RENEWAL_NOTICE, f"{RENEWAL_NOTICE}:{authority}:{entry.version(found.client)}", about)


@command("clients.note-renewal-delivered")
def note_renewal_delivered(
    entry: Entry, *, authority: UUID, ends: date, message: UUID, persons: tuple[UUID, ...], digest: str
) -> None:
    """Keep the receipt of a renewal's notice: the message, whom it reached, the SHA-256 of its text.

    Raises UnknownStandingAuthority; NothingToDo when it is kept, or the term it was about is not the last.
    """
    found = _locked(entry, authority)
    if found.noticed is None or found.delivered is not None or found.ends != ends:
        raise NothingToDo("No notice of this renewal is on its way.", authority=authority)
    delivered = RenewalNoticeDelivered(
        authority=authority, ends=ends, message=message, persons=persons, digest=digest
    )
    entry.record(found.client, delivered)


@command("clients.object-to-renewal")
def object_to_renewal(entry: Entry, *, authority: UUID) -> None:
    """The client objects to an announced renewal; raises UnknownStandingAuthority or NothingToObject."""
    found = _locked(entry, authority)
    if found.noticed is None or found.objected:
        raise NothingToObject("No renewal is announced that could be objected to.", authority=authority)
    entry.record(found.client, RenewalObjected(authority=authority))


@command("clients.renew-standing-authority")
def renew_standing_authority(
    entry: Entry, *, authority: UUID, ends: date, documents: Sequence[UUID] = ()
) -> None:
    """The client renews in writing from today until the end of a day; `documents` are as when it was given.

    They must have come in during the present term. Raises UnknownStandingAuthority, NotActive,
    MandateNotMet, UnknownDocument, PaperUsed, NotWritten or TermTooLong.
    """
    found = _locked(entry, authority)
    _check_active(found.client)
    starts = hong_kong_date(entry.effective_at)
    check_given(
        queries.investor(found.client, starts).classification,
        starts=starts,
        ends=ends,
        written=_written(entry, found.client, documents, since=found.starts),
        revocation_stated=True,
    )
    _renew(entry, found, starts, ends, deemed=False, documents=tuple(documents))


@command("clients.revoke-standing-authority")
def revoke_standing_authority(entry: Entry, *, authority: UUID) -> None:
    """The client takes the authority back; it covers nothing from now on. Raises UnknownStandingAuthority."""
    found = _locked(entry, authority)
    ended = StandingAuthorityEnded(authority=authority, end=End.REVOKED)
    entry.record(found.client, ended)


@command("clients.conclude-standing-authority")
def conclude_standing_authority(entry: Entry, *, authority: UUID) -> bool:
    """An authority's last day has passed: renew it by silence where AST-2 allows, or let it lapse.

    That of a client who is not active lapses, whatever was announced. Returns whether it was renewed, for a
    year. Raises UnknownStandingAuthority; NothingToDo before its time.
    """
    found = _locked(entry, authority)
    if hong_kong_date(entry.effective_at) <= found.ends:
        raise NothingToDo("The authority has not run out.", authority=authority)
    active = queries.client(found.client).status == ClientStatus.ACTIVE
    end = end_of_term(ends=found.ends, delivered=found.delivered, objected=found.objected, active=active)
    if end is None:
        starts = found.ends + ONE_DAY
        ends = a_year_from(starts) - ONE_DAY
        check_term(Classification.RETAIL, starts=starts, ends=ends)
        _renew(entry, found, starts, ends, deemed=True)
    else:
        entry.record(found.client, StandingAuthorityEnded(authority=authority, end=end))
    return end is None


def _locked(entry: Entry, authority: UUID) -> StandingAuthority:
    """The authority that stands, read under its client's lock; UnknownStandingAuthority, MandateNotMet."""
    entry.lock(standing_authority(authority).client)
    found = standing_authority(authority)
    _check_signed(entry, found.client)
    return found


def _check_signed(entry: Entry, client: UUID) -> None:
    """CLI-13: who asks in the portal signs for the client, and alone does; raises MandateNotMet."""
    if entry.context.source is Source.PORTAL:
        maker = entry.context.maker
        check_instructed(queries.mandate(client), {maker} if maker else ())


def _check_active(client: UUID) -> None:
    """AST-2: only an active client gives or renews; raises UnknownClient or NotActive."""
    check_may(ClientStatus(queries.client(client).status), Act.AUTHORISE)


def _written(entry: Entry, client: UUID, documents: Sequence[UUID], since: date | None = None) -> bool:
    """Whether papers signed by as many as bind the client, or the own act in the portal, put it in writing.

    The papers came in on `since` or later. Raises UnknownDocument, MandateNotMet or PaperUsed.
    """
    if not documents:
        return entry.context.source is Source.PORTAL
    queries.agreed_on_paper(documents, queries.mandate(client))
    for each in map(queries.document, documents):
        check_fresh(named=is_named(each), stored=hong_kong_date(each.stored_at), since=since)
    return True


def end_all(entry: Entry, client: UUID, end: End) -> None:
    """End everything that a locked client lets the firm do, within another command."""
    for each in standing_authorities(None, client).filter(ended_at=None):
        entry.record(client, StandingAuthorityEnded(authority=each.id, end=end))


def _renew(
    entry: Entry,
    found: StandingAuthority,
    starts: date,
    ends: date,
    *,
    deemed: bool,
    documents: tuple[UUID, ...] = (),
) -> None:
    renewed = StandingAuthorityRenewed(
        authority=found.id, starts=starts, ends=ends, deemed=deemed, documents=documents
    )
    entry.record(found.client, renewed)
