"""Forming groups of related clients, and who belongs to them."""

from uuid import UUID

from brokerage.access.rules import Perm
from brokerage.ledger.commands import command
from brokerage.ledger.entry import Entry

from .. import queries
from ..events.groups import GroupFormed, GroupJoined, GroupLeft
from ..queries.groups import group as group_named
from ..queries.groups import group_of
from ..rules.groups import GroupExists, InAGroup, NotInGroup, Tie, TieReason, group_id


@command("clients.form-group")
def form_group(entry: Entry, *, reference: str) -> UUID:
    """Form a group under a reference of the firm's own; returns its id. Raises BadReference, GroupExists."""
    id = group_id(reference)
    entry.lock(id)
    if entry.version(id):
        raise GroupExists("A group has this reference.", reference=reference)
    entry.record(id, GroupFormed(reference=reference))
    return id


@command("clients.join-group")
def join_group(entry: Entry, *, client: UUID, group: UUID, tie: Tie) -> None:
    """Count a client's credit with a group's (SMF-2); raises UnknownClient, UnknownGroup or InAGroup."""
    entry.lock(client)
    queries.client(client)
    found = group_named(group)
    if group_of(client) is not None:
        raise InAGroup("The client belongs to a group; bring that group's clients here.", client=client)
    entry.record(client, GroupJoined(group=found.id, tie=tie))


@command("clients.leave-group")
def leave_group(entry: Entry, *, client: UUID, reason: TieReason) -> None:
    """Count a client's credit apart again, by two people. Raises NotInGroup or SecondPersonNeeded."""
    entry.lock(client)
    left = group_of(client)
    if left is None:
        raise NotInGroup("The client belongs to no group.", client=client)
    entry.second_person(Perm.APPROVE_WATCH, client=client)
    entry.record(client, GroupLeft(group=left, reason=reason))
