"""Freezing a client by law, death, insolvency or a screening hit, and letting go (CLI-13)."""

from collections.abc import Iterable
from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.commands import Busy, NothingToDo, command
from brokerage.ledger.entry import Entry

from .. import queries
from ..events.authority import AuthorityEnded
from ..events.holds import DeathReported, HoldLifted, HoldPlaced, InsolvencyReported, ReportWithdrawn
from ..queries.behind import clients_behind
from ..queries.holds import (
    authorities_of,
    clients_of,
    clients_stopped_by,
    holds_on,
    is_closed,
    people_of,
    powers_of,
    reports_of,
)
from ..rules.application import PartyRole
from ..rules.authority import Capacity
from ..rules.holds import (
    Befell,
    Ground,
    HitWaits,
    HoldInPlace,
    LiftReason,
    NothingReported,
    UnknownHold,
    Withdrawal,
    check_withdrawal,
    checked_hold_reference,
    hold_id,
    screening_hold,
)
from ..rules.reviews import Circumstance
from ..rules.status import ClientStatus, check_not_closed
from .reviews import note_change


@command("clients.place-hold")
def place_hold(entry: Entry, *, client: UUID, ground: Ground, reference: str) -> UUID:
    """Freeze a client at once, by one person, under a case or order number; returns the hold's id.

    Raises UnknownClient, ClientClosed, HoldInPlace, HitWaits for a screening hold, or BadHoldReference.
    """
    if ground is Ground.SCREENING:
        raise HitWaits("A hold for a screening hit is placed by the screening.", client=client)
    hold = hold_id(client, ground, checked_hold_reference(reference))
    entry.lock(client)
    check_not_closed(ClientStatus(queries.client(client).status))
    if hold in holds_on(client):
        raise HoldInPlace("This hold stands already.", client=client, hold=hold)
    entry.record(client, HoldPlaced(hold=hold, ground=ground, reference=reference))
    return hold


@command("clients.lift-hold")
def lift_hold(entry: Entry, *, client: UUID, hold: UUID, reason: LiftReason) -> None:
    """Lift a hold, by two people; the client stays frozen while another stands.

    Raises UnknownHold, HitWaits for the screening hold of somebody who acts for the client or is behind it,
    or SecondPersonNeeded.
    """
    entry.lock(client)
    ground = holds_on(client).get(hold)
    if ground is None:
        raise UnknownHold("No such hold stands on the client.", client=client, hold=hold)
    if hold in {screening_hold(client, person) for person in people_of(client)}:
        raise HitWaits("Judge the screening hit; the hold goes with it.", client=client, hold=hold)
    entry.second_person(Perm.APPROVE_STATUSES, client=client, hold=hold)
    entry.record(client, HoldLifted(hold=hold, ground=ground, reason=reason))


@command("clients.report-death")
def report_death(entry: Entry, *, person: UUID, reference: str) -> None:
    """A person died: every client the person holds is frozen, and what the person could do for others ends.

    So is one that he holds on record and was stopped from acting for: it is his until it is amended.
    Powers of attorney that the person gave end too, and all over a client whose only holder died. What the
    person runs, owns or benefits from is reviewed. `reference` names the paper seen. Raises UnknownPerson,
    PersonErased or BadHoldReference; NothingToDo when it was reported under this reference.
    """
    _befall(entry, person, Ground.DEATH, checked_hold_reference(reference))


@command("clients.report-insolvency")
def report_insolvency(entry: Entry, *, person: UUID, reference: str) -> None:
    """A person is bankrupt or being wound up: as `report_death`, and an entity is the client it holds."""
    _befall(entry, person, Ground.BANKRUPTCY, checked_hold_reference(reference))


@command("clients.withdraw-report")
def withdraw_report(entry: Entry, *, person: UUID, what: Befell, reason: Withdrawal) -> None:
    """A reported death or insolvency counts no longer, by two people: the person may act again.

    Holds are lifted by their own command; who is to sign again, by an amendment. Raises WrongWithdrawal,
    UnknownPerson, PersonErased, NothingReported or SecondPersonNeeded.
    """
    check_withdrawal(what, reason)
    entry.lock(person)
    found = queries.person(person)
    if not {Befell.DEATH: found.died_at, Befell.INSOLVENCY: found.insolvent_at}[what]:
        raise NothingReported("Nothing of this kind was reported of the person.", person=person)
    entry.second_person(Perm.APPROVE_STATUSES, person=person)
    entry.record(person, ReportWithdrawn(what=what, reason=reason))


def _befall(entry: Entry, person: UUID, ground: Ground, reference: str) -> None:
    clients = lock_person(entry, person)
    queries.person(person)
    reported = DeathReported if ground is Ground.DEATH else InsolvencyReported
    if (happened := reported(reference=reference)) in reports_of(person):
        raise NothingToDo("This was reported under the same reference.", person=person)
    entry.record(person, happened)
    owned, behind = clients_behind(person, PartyRole.HOLDER, PartyRole.ENTITY), clients_behind(person)
    for client in clients:
        if client in owned or (person, Capacity.HOLDER) in authorities_of(client):
            freeze(entry, client, hold_id(client, ground, reference), ground, reference)
        elif client in behind and not is_closed(client):
            note_change(entry, client, Circumstance.CONTROL)
        _end_authorities(entry, client, person, ground)


def _end_authorities(entry: Entry, client: UUID, person: UUID, ground: Ground) -> None:
    """End what a person does for a client but holding it, and the powers of attorney it gave there."""
    own = [(other, what) for other, what in authorities_of(client) if other == person]
    given = [(attorney, Capacity.ATTORNEY) for attorney in powers_of(client, person)]
    for other, capacity in dict.fromkeys([*own, *given]):
        if capacity is not Capacity.HOLDER:
            entry.record(client, AuthorityEnded(person=other, capacity=capacity, reason=ground.value))


def lock_person(entry: Entry, person: UUID, *others: UUID) -> list[UUID]:
    """Lock a person's stream with those of all clients it acts for or is behind; returns those clients.

    Raises Busy when there is another one by then.
    """
    clients = clients_of(person)
    entry.lock(person, *clients, *others)
    if set(clients_of(person)) - set(clients):
        raise Busy("This person came to act for another client, or to be behind it, just now; try again.")
    return clients


def freeze(entry: Entry, client: UUID, hold: UUID, ground: Ground, reference: str) -> None:
    """Record a hold on a locked client, unless it stands or the client is closed."""
    if not is_closed(client) and hold not in holds_on(client):
        entry.record(client, HoldPlaced(hold=hold, ground=ground, reference=reference))


def freeze_for_hit(entry: Entry, person: UUID, clients: Iterable[UUID]) -> None:
    """Freeze the locked clients of a person whom a hit stops."""
    for client in clients:
        freeze(entry, client, screening_hold(client, person), Ground.SCREENING, "HIT")


def let_go(entry: Entry, person: UUID) -> None:
    """Lift the screening holds of a person on all locked clients that carry one, acted for now or before."""
    for client in clients_stopped_by(person):
        hold = screening_hold(client, person)
        lifted = HoldLifted(hold=hold, ground=Ground.SCREENING, reason=LiftReason.HIT_CLEARED)
        entry.record(client, lifted)
