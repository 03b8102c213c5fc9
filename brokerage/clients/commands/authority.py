"""Granting and ending a person's authority to act for a client."""

from datetime import date
from uuid import UUID

from brokerage.access.commands import end_links
from brokerage.access.rules import Perm
from brokerage.ledger.commands import NothingToDo, command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries
from ..events import AuthorityEnded, AuthorityGranted
from ..events.standing import MandateSet
from ..queries.holds import authorities_of, powers_of
from ..queries.screening import is_confirmed, is_screened, screening_clear, stopped_by_screening
from ..queries.standing_authorities import is_named
from ..rules.amendment import AmendInstead
from ..rules.authority import (
    AuthorityStands,
    BadPower,
    Capacity,
    NeedsPower,
    NoAuthority,
    NotScreened,
    OnTheList,
    authority_id,
    check_capacity,
)
from ..rules.documents import DocumentKind
from ..rules.mandate import check_left, check_mandate
from ..rules.reasons import checked_reason
from ..rules.standing_authorities import check_fresh
from ..rules.status import ClientStatus, ClientType, check_not_closed
from .holds import freeze_for_hit
from .labels import label_again


@command("clients.grant-authority")
def grant_authority(entry: Entry, *, client: UUID, person: UUID, capacity: Capacity, document: UUID) -> UUID:
    """Let a person act for a client of an import, by two people; returns the id of the authority.

    Such a client was judged outside. `document` is the paper that proves who the person is (CLI-6), the
    person was screened (CLI-10), and the client's legal form has room. Raises UnknownClient, ClientClosed,
    AmendInstead for any other client, UnknownPerson, PersonErased, UnknownDocument, WrongCapacity, CannotAct,
    NotScreened, OnTheList, AuthorityStands or SecondPersonNeeded; NeedsPower for an attorney.
    """
    if capacity is Capacity.ATTORNEY:
        raise NeedsPower("Appoint an attorney under a power of attorney.", client=client)
    entry.lock(client, person)
    form = ClientType(queries.client(client).type)
    _check_of_an_import(client)
    queries.proved(person, document)
    granted = AuthorityGranted(person=person, capacity=capacity, document=document)
    acting = [each for each in authorities_of(client) if each[1] is capacity and each[0] != person]
    check_capacity(form, capacity, len(acting))
    return _grant(entry, client, granted)


@command("clients.appoint-attorney")
def appoint_attorney(
    entry: Entry, *, client: UUID, person: UUID, document: UUID, identity: UUID, until: date
) -> UUID:
    """Let a person act under a power of attorney until the end of a day, by two people (CLI-13).

    `document` is a holder's power of attorney on which nothing rests yet, revoked or not; `identity` proves
    who the attorney is (CLI-6), whom no hit may stop (CLI-10). It ends before that by revocation, its
    principal's death, or once he holds the client no more. Returns the id of the authority. Raises
    UnknownClient, ClientClosed, UnknownPerson, PersonErased, UnknownDocument, PaperUsed, BadPower, CannotAct,
    NotScreened, OnTheList, AuthorityStands or SecondPersonNeeded.
    """
    entry.lock(client, person)
    queries.proved(person, identity)
    if not screening_clear(person):
        raise NotScreened("Have the attorney screened, and every hit cleared, first.", person=person)
    principals = {other for other, capacity in authorities_of(client) if capacity is Capacity.HOLDER}
    if until < hong_kong_date(entry.effective_at) or person in principals:
        raise BadPower("A power of attorney is for another person than a holder, and not past.")
    paper = queries.paper(document, principals, DocumentKind.AUTHORITY)
    check_fresh(named=is_named(paper), stored=hong_kong_date(paper.stored_at))
    queries.able(paper.person)
    granted = AuthorityGranted(
        person=person, capacity=Capacity.ATTORNEY, until=until, document=document, identity=identity
    )
    return _grant(entry, client, granted)


def _check_of_an_import(client: UUID) -> None:
    """Pass if no application tells, or is to tell, who is behind the client; raises AmendInstead."""
    if queries.application_behind(client) is not None or queries.is_amended(client):
        raise AmendInstead("Who signs for this client changes by an amendment: start one.", client=client)


def _grant(entry: Entry, client: UUID, granted: AuthorityGranted) -> UUID:
    """Record an authority on the locked client, frozen at once if a screening hit stops the person."""
    check_not_closed(ClientStatus(queries.client(client).status))
    queries.able(granted.person)
    if not is_screened(granted.person):
        raise NotScreened("Have the person compared with the screening list first.", person=granted.person)
    if is_confirmed(granted.person):
        raise OnTheList("This person was found to be on the screening list.", person=granted.person)
    authority = authority_id(client, granted.person, granted.capacity)
    if queries.authority_stands(authority):
        raise AuthorityStands("This person acts for the client in that capacity already.", client=client)
    entry.second_person(Perm.APPROVE_AUTHORITIES, client=client)
    entry.record(client, granted)
    end_links(entry, {granted.person})
    if granted.capacity is Capacity.HOLDER:
        label_again(client, granted.person, queries.person(granted.person).version)
    if stopped_by_screening(granted.person):
        freeze_for_hit(entry, granted.person, [client])
    return authority


@command("clients.end-authority")
def end_authority(entry: Entry, *, client: UUID, person: UUID, capacity: Capacity, reason: str) -> None:
    """Stop a person from acting for a client at once; what he asks for later is refused.

    As many stay as the mandate asks for (CLI-13). Who is on record behind the client stays so until it is
    amended. Raises NoAuthority, BadReason or BadMandate.
    """
    entry.lock(client)
    if not queries.authority_stands(authority_id(client, person, capacity)):
        raise NoAuthority("This person does not act for the client in that capacity.", client=client)
    checked_reason(reason)
    if capacity is not Capacity.ATTORNEY:
        left = [each for each in authorities_of(client) if each != (person, capacity)]
        mandate = queries.mandate(client)
        signing = {other for other, kept in left if kept is not Capacity.ATTORNEY} & mandate.people
        check_left(mandate.signatures, signing)
    end_step(entry, client, person, capacity, reason)
    if capacity is Capacity.HOLDER:
        label_again(client, person, None)


def end_step(entry: Entry, client: UUID, person: UUID, capacity: Capacity, reason: str) -> None:
    """End an authority over a locked client, and the powers of attorney that a holder gave there."""
    for attorney in powers_of(client, person) if capacity is Capacity.HOLDER else ():
        entry.record(client, AuthorityEnded(person=attorney, capacity=Capacity.ATTORNEY, reason=reason))
    entry.record(client, AuthorityEnded(person=person, capacity=capacity, reason=reason))


@command("clients.set-mandate")
def set_mandate(entry: Entry, *, client: UUID, signatures: int) -> None:
    """Say how many of those who sign for a client of an import an instruction needs, by two people (CLI-13).

    Raises UnknownClient, AmendInstead for any other client, BadMandate or SecondPersonNeeded; NothingToDo
    when it needs as many already.
    """
    entry.lock(client)
    _check_of_an_import(client)
    form, mandate = ClientType(queries.client(client).type), queries.mandate(client)
    check_mandate(form, signatures, mandate.people)
    if signatures == mandate.signatures:
        raise NothingToDo("The mandate asks for as many already.", client=client)
    entry.second_person(Perm.APPROVE_AUTHORITIES, client=client)
    entry.record(client, MandateSet(signatures=signatures))
