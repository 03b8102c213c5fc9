"""An application from its start until it is handed in, returned, withdrawn or refused."""

from collections.abc import Collection
from uuid import UUID

from brokerage.access.commands import end_links
from brokerage.ledger import seams
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry
from brokerage.market.rules.calendars import hong_kong_date

from .. import queries, vault
from ..events.application import (
    AnswersGiven,
    ApplicationRefused,
    ApplicationReturned,
    ApplicationStarted,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    FinancesGiven,
    PartyNamed,
    PartyRemoved,
)
from ..models import Application, Party
from ..queries import intake
from ..queries.holds import authorities_of
from ..rules.amendment import check_amendable, check_not_overtaken, is_another
from ..rules.application import (
    OPEN,
    ApplicationClosed,
    Control,
    PartyRole,
    State,
    StepMissing,
    UnknownParty,
    check_draft,
    check_naming,
    check_parties,
)
from ..rules.application import Party as Part
from ..rules.authority import CAPACITY, NoAuthority
from ..rules.bounds import A_DAY, check_room
from ..rules.mandate import MOST, BadMandate
from ..rules.person import PersonKind, UnknownRecord
from ..rules.reasons import checked_reason
from ..rules.stages import check_signed
from ..rules.status import Act, ClientStatus, ClientType, check_may
from ..rules.terms import Terms, terms
from .person import record_step


def locked(entry: Entry, application: UUID) -> Application:
    """The application, its stream locked; raises UnknownApplication."""
    entry.lock(application)
    return queries.application(application)


@command("clients.start-application")
def start_application(
    entry: Entry,
    *,
    applicant: UUID,
    form: ClientType,
    signatures: int = 1,
    margin: bool = False,
    amends: UUID | None = None,
) -> UUID:
    """Begin an application to become a client, or to amend who is behind one; returns its id.

    `signatures` is how many holders or signatories an instruction will need (CLI-13); `margin` asks to
    borrow. With `amends` the applicant signs for that client, or runs it where nobody is left who does; its
    people are named as they are now. Raises BadMandate or TooMany; with `amends` UnknownClient, NotActive,
    NoAuthority, FormKept or AmendmentOpen.
    """
    if not 1 <= signatures <= (1 if form is ClientType.INDIVIDUAL else MOST):
        raise BadMandate(f"An instruction needs one to {MOST} signatures, an individual's one.")
    application = seams.new_id()
    entry.lock(application, applicant, *filter(None, (amends,)))
    begun = intake.applications_begun(applicant, since=entry.effective_at - A_DAY)
    check_room(begun, _terms(entry).applications_a_day, "applications of yours from today")
    present: list[Party] = []
    if amends is not None:
        _check_amends(amends, applicant, form)
        opened = queries.application_behind(amends)
        present = _present(opened)
        margin = margin or (opened is not None and opened.margin)
    started = ApplicationStarted(
        applicant=applicant, form=form, signatures=signatures, margin=margin, client=amends
    )
    entry.record(application, started)
    for each in present:
        control = Control(each.control) if each.control else None
        entry.record(application, PartyNamed(person=each.person, role=PartyRole(each.role), control=control))
    return application


def _check_amends(client: UUID, applicant: UUID, form: ClientType) -> None:
    """CLI-13: pass if the applicant may begin to amend the locked client in this legal form."""
    found = queries.client(client)
    check_may(ClientStatus(found.status), Act.AMEND)
    if applicant not in queries.amenders(client).people:
        raise NoAuthority("Only who signs for the client, or runs it once nobody does, has it amended.")
    check_amendable(ClientType(found.type), form, is_open=queries.is_amended(client))


def _present(opened: Application | None) -> list[Party]:
    """Who is behind a client now by its application, those who were stopped from signing left out."""
    if opened is None or opened.client is None:
        return []
    acting = authorities_of(opened.client)
    return [
        each
        for each in queries.parties(opened.id)
        if each.role not in CAPACITY or (each.person, CAPACITY[PartyRole(each.role)]) in acting
    ]


@command("clients.name-party")
def name_party(
    entry: Entry,
    *,
    application: UUID,
    person: UUID,
    role: PartyRole,
    control: Control | None = None,
    version: UUID | None = None,
) -> None:
    """Give a person a role in a draft; naming it again changes nothing but how an entity is controlled.

    `version` is a vault record that becomes the person's details, or none if these are on record. Raises
    UnknownApplication, NotADraft, ApplicationClosed, RoleForeign, RoleUnfit, PartiesMissing, UnknownParty,
    TooMany or UnknownPerson, and with a version what `record_person` does.
    """
    entry.lock(application, person)
    found = queries.application(application)
    check_draft(State(found.state))
    parties = queries.facts(found).parties
    check_room(intake.named_ever(application), _terms(entry).people_named, "people in this application")
    kind = queries.person(person).kind if version is None else record_step(entry, person, version)
    is_entity = kind == PersonKind.ENTITY
    check_naming(ClientType(found.form), parties, Part(person, role), control, is_entity=is_entity)
    entry.record(application, PartyNamed(person=person, role=role, control=control))


@command("clients.remove-party")
def remove_party(entry: Entry, *, application: UUID, person: UUID, role: PartyRole) -> None:
    """Take a role in a draft from a person; with the last one an applicant's link lets him in no more.

    Raises UnknownApplication, NotADraft or UnknownParty.
    """
    found = locked(entry, application)
    check_draft(State(found.state))
    parts = {PartyRole(each.role) for each in queries.parties(application) if each.person == person}
    if role not in parts:
        raise UnknownParty("This person has no such part in the application.", person=person, role=role)
    entry.record(application, PartyRemoved(person=person, role=role))
    if parts == {role}:
        end_links(entry, {person})


@command("clients.give-finances")
def give_finances(entry: Entry, *, application: UUID, record: UUID) -> None:
    """Add what the client will own and owe, sealed, a record of a holder or the entity itself.

    Raises UnknownApplication, NotADraft, StepMissing before one is named, or UnknownRecord.
    """
    sealed = _given(entry, application, record, vault.Kind.FINANCES)
    entry.record(application, FinancesGiven(record=record, digest=sealed.digest))


@command("clients.give-answers")
def give_answers(entry: Entry, *, application: UUID, record: UUID) -> None:
    """Add the answers of the enquiry about knowledge, sealed (CLI-3); raises as `give_finances`."""
    sealed = _given(entry, application, record, vault.Kind.ANSWERS)
    entry.record(application, AnswersGiven(record=record, digest=sealed.digest))


@command("clients.submit-application")
def submit_application(entry: Entry, *, application: UUID) -> None:
    """Hand an application in.

    Raises UnknownApplication, NotADraft, ApplicationClosed, PartiesMissing, BadMandate, Overtaken, and
    StepMissing while somebody lacks details or a paper, finances are missing, or a joint holder has not
    signed.
    """
    found = locked(entry, application)
    check_draft(State(found.state))
    facts = queries.facts(found)
    check_parties(facts)
    check_not_overtaken(facts)
    if not facts.people <= facts.described & facts.documented:
        raise StepMissing("Everybody named needs details and a paper that proves them.")
    if is_another(facts) and not facts.finances:
        raise StepMissing("Say what you own and owe first.")
    check_signed(facts)
    entry.record(application, ApplicationSubmitted(people=len(facts.people)))


@command("clients.return-application")
def return_application(entry: Entry, *, application: UUID, reason: str) -> None:
    """Give a submitted application back; `reason` is a code, such as "PAPER-UNREADABLE".

    Raises UnknownApplication, ApplicationClosed or BadReason.
    """
    found = locked(entry, application)
    if found.state != State.SUBMITTED:
        raise ApplicationClosed("Only a submitted application can be returned.", state=found.state)
    checked_reason(reason)
    entry.record(application, ApplicationReturned(reason=reason))


@command("clients.withdraw-application")
def withdraw_application(entry: Entry, *, application: UUID, by: UUID) -> None:
    """End an application at the applicant's wish; raises UnknownApplication or ApplicationClosed."""
    found = locked(entry, application)
    _check_open(found)
    entry.record(application, ApplicationWithdrawn(by=by))
    end_links(entry, queries.people_of(application))


@command("clients.refuse-application")
def refuse_application(entry: Entry, *, application: UUID, reason: str) -> None:
    """Refuse an applicant; `reason` is a code or case number, and the applicant is not told more.

    Raises UnknownApplication, ApplicationClosed or BadReason.
    """
    found = locked(entry, application)
    _check_open(found)
    checked_reason(reason)
    entry.record(application, ApplicationRefused(reason=reason))
    end_links(entry, queries.people_of(application))


def sealed_as(record: UUID, kind: vault.Kind, *, of: Collection[UUID] | None = None) -> vault.Sealed:
    """What may be said of a vault record of this kind, and of one of these people; raises UnknownRecord.

    A director's or signatory's wealth, answers and account are not the company's.
    """
    sealed = vault.sealed(record)
    if sealed.kind is not kind or (of is not None and sealed.person not in of):
        raise UnknownRecord("This record is of another kind, or of somebody else.", record=record)
    return sealed


def _given(entry: Entry, application: UUID, record: UUID, kind: vault.Kind) -> vault.Sealed:
    """A record for the locked draft, of who will be the client: under whose key it will be erased, too."""
    found = locked(entry, application)
    check_draft(State(found.state))
    owners = queries.facts(found).owners
    if not owners:
        raise StepMissing("First name who will be the client: a holder, or the entity.")
    return sealed_as(record, kind, of=owners)


def _terms(entry: Entry) -> Terms:
    return terms(hong_kong_date(entry.effective_at))


def _check_open(found: Application) -> None:
    if found.state not in OPEN:
        raise ApplicationClosed("This application was decided or withdrawn.", state=found.state)
