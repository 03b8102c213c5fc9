"""People are invited to a login of their own: by who names them in an application, or by the firm."""

from uuid import UUID

from brokerage.access import queries as access
from brokerage.access.commands import leave_link, sealed_address
from brokerage.access.rules import Perm
from brokerage.ledger import queries as ledger
from brokerage.ledger import seams
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry, Source
from brokerage.ledger.registry import Recorded
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.invitation import PartyInvited, PersonInvited
from ..events.person import PersonRecorded
from ..queries import intake
from ..rules.application import OPEN, ApplicationClosed, UnknownApplication, UnknownParty
from ..rules.bounds import A_DAY, check_room
from ..rules.person import PersonKind
from ..rules.signing import AddressOfAnother, DetailsChanged, HasLogin, KnownToTheFirm, NoAddress, NotKnown
from ..rules.terms import terms


@command("clients.invite-party")
def invite_party(entry: Entry, *, application: UUID, person: UUID, sealed: str) -> UUID:
    """Mail a link to somebody named in the asker's application, who opens a login and signs for himself.

    `sealed` is from `access.commands.sealed_address`. Returns the link's id. The login belongs to the
    person, so it reaches the application now and the client once it is one. Raises UnknownApplication,
    ApplicationClosed, UnknownParty, HasLogin, KnownToTheFirm, TooMany or TooManyLinks.
    """
    link = seams.new_id()
    entry.lock(application, person, link)
    found = queries.application(application)
    if entry.context.maker != found.applicant:
        raise UnknownApplication("There is no such application.", application=application)
    if found.state not in OPEN:
        raise ApplicationClosed("This application was decided or withdrawn.", state=found.state)
    if person not in queries.people_of(application) or queries.person(person).kind == PersonKind.ENTITY:
        raise UnknownParty("Invite a human being who is named in the application.", person=person)
    _check_without_login(person)
    if queries.is_settled(person):
        raise KnownToTheFirm("The firm knows this person: ask it for the login.", person=person)
    sent = intake.invitations_sent(application, since=entry.effective_at - A_DAY)
    most = terms(hong_kong_date(entry.effective_at)).invitations_a_day
    check_room(sent, most, "invitations from today")
    leave_link(entry, link, person=person, sealed=sealed, invited_by=found.applicant)
    entry.record(application, PartyInvited(person=person, link=link))
    return link


@command("clients.invite-person")
def invite_person(entry: Entry, *, person: UUID) -> UUID:
    """Mail a link to somebody the firm knows, at the address on record, who opens a login; two people.

    Such as a joint holder who so far came to the desk, or a director who is to amend a company whose last
    signatory died. Returns the link's id. Raises UnknownPerson, PersonErased, CannotAct, UnknownParty for an
    entity, HasLogin, NotKnown, NoAddress, AddressOfAnother, BadAddress, DetailsChanged, TooManyLinks or
    SecondPersonNeeded.
    """
    link = seams.new_id()
    entry.lock(person, link)
    found = queries.able(person)
    if found.kind == PersonKind.ENTITY:
        raise UnknownParty("Invite a human being.", person=person)
    _check_without_login(person)
    if not queries.is_settled(person):
        raise NotKnown("Whoever names this person in an application invites him there.", person=person)
    address = vault.known(found.version).email
    if not address:
        raise NoAddress("Correct the record first: it names no e-mail address.", person=person)
    recorded = [each for each in ledger.events(person) if isinstance(each.event, PersonRecorded)][-1]
    _check_given(recorded, person)
    _check_unchanged(entry, recorded)
    sealed = sealed_address(address)
    leave_link(entry, link, person=person, sealed=sealed, invited_by=entry.context.maker, by_firm=True)
    entry.second_person(Perm.APPROVE_AUTHORITIES, person=person)  # without one, no link is left either
    entry.record(person, PersonInvited(link=link))
    return link


def _check_without_login(person: UUID) -> None:
    if access.has_login(person):
        raise HasLogin("This person has a login already.", person=person)


def _check_given(recorded: Recorded, person: UUID) -> None:
    """CLI-13: pass if staff recorded the person as he is now, or he himself; raises AddressOfAnother.

    A client records by the portal whom he names, with whatever address.
    """
    if ledger.source_of(recorded.entry) is Source.PORTAL and ledger.maker_of(recorded.entry) != person:
        raise AddressOfAnother(
            "Another client gave this address. Ask the person for it, and record the details first.",
            person=person,
        )


def _check_unchanged(entry: Entry, recorded: Recorded) -> None:
    """Pass unless the record, and so the address, changed after this was proposed; raises DetailsChanged."""
    if access.is_since(recorded, entry.context.proposal):
        raise DetailsChanged("The record was corrected since; propose the invitation anew.")
