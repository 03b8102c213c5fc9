"""Further persons of an application are invited to a login of their own."""

from uuid import UUID

from brokerage.access import queries as access
from brokerage.access.commands import leave_link
from brokerage.ledger import seams
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries
from ..events.invitation import PartyInvited
from ..queries import intake
from ..rules.application import OPEN, ApplicationClosed, UnknownApplication, UnknownParty
from ..rules.bounds import A_DAY, check_room
from ..rules.person import PersonKind
from ..rules.signing import HasLogin, KnownToTheFirm
from ..rules.terms import terms


@command("clients.invite-party")
def invite_party(entry: Entry, *, application: UUID, person: UUID, sealed: str) -> UUID:
    """Mail a link to somebody named in the asker's application, who opens a login and signs for himself.

    `sealed` is from `access.commands.sealed_address`. Returns the link's id. The login belongs to the
    person, so it reaches the application now and the client once it is one. Raises UnknownApplication,
    ApplicationClosed, UnknownParty, HasLogin, KnownToTheFirm, TooMany or TooManyLinks.
    """
    link = seams.new_id()
    entry.lock(application, link)
    found = queries.application(application)
    if entry.context.maker != found.applicant:
        raise UnknownApplication("There is no such application.", application=application)
    if found.state not in OPEN:
        raise ApplicationClosed("This application was decided or withdrawn.", state=found.state)
    if person not in queries.people_of(application) or queries.person(person).kind == PersonKind.ENTITY:
        raise UnknownParty("Invite a human being who is named in the application.", person=person)
    if access.has_login(person):
        raise HasLogin("This person has a login already.", person=person)
    if queries.is_settled(person):
        raise KnownToTheFirm("The firm knows this person: ask it for the login.", person=person)
    sent = intake.invitations_sent(application, since=entry.effective_at - A_DAY)
    most = terms(hong_kong_date(entry.effective_at)).invitations_a_day
    check_room(sent, most, "invitations from today")
    leave_link(entry, link, person=person, sealed=sealed, invited_by=found.applicant)
    entry.record(application, PartyInvited(person=person, link=link))
    return link
