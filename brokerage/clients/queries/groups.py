"""Which clients count as one for limits."""

from uuid import UUID

from ..models.groups import Group, GroupMember
from ..rules.groups import UnknownGroup


def group(id: UUID) -> Group:
    """The group of that id; raises UnknownGroup."""
    found = Group.objects.filter(pk=id).first()
    if found is None:
        raise UnknownGroup("There is no such group.", group=id)
    return found


def group_of(client: UUID) -> UUID | None:
    """The group a client belongs to, None for a client on its own."""
    return GroupMember.objects.filter(pk=client).values_list("group", flat=True).first()


def members(group: UUID) -> dict[UUID, str]:
    """The clients of a group with what ties each to it."""
    return dict(GroupMember.objects.filter(group=group).values_list("client", "tie"))


def related(client: UUID) -> frozenset[UUID]:
    """SMF-2: the clients whose credit counts together with this one's, itself included."""
    found = group_of(client)
    return frozenset(members(found)) if found else frozenset({client})
