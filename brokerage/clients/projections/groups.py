"""Groups and their members, folded from their events."""

from collections.abc import Sequence

from brokerage.ledger.projection import fold, projection
from brokerage.ledger.registry import Recorded

from ..events.groups import GroupFormed, GroupJoined, GroupLeft
from ..models.groups import Group, GroupMember


@projection(models=(Group,), events=(GroupFormed,))
def groups(events: Sequence[Recorded]) -> None:
    """One row a group."""
    fold(Group, events, _formed, key=lambda recorded: recorded.stream)


def _formed(row: Group | None, recorded: Recorded) -> Group:
    return Group(id=recorded.stream, reference=recorded.event.reference, formed_at=recorded.effective_at)


@projection(models=(GroupMember,), events=(GroupJoined, GroupLeft))
def group_members(events: Sequence[Recorded]) -> None:
    """One row a client that ever belonged to a group."""
    fold(GroupMember, events, evolved_member, key=lambda recorded: recorded.stream)


def evolved_member(row: GroupMember | None, recorded: Recorded) -> GroupMember:
    """The membership after the event."""
    event = recorded.event
    joined = isinstance(event, GroupJoined)
    return GroupMember(
        client=recorded.stream,
        group=event.group if joined else None,
        tie=event.tie if joined else "",
        since=recorded.effective_at,
    )
