"""REST routes of groups of related clients, whose credit counts as one."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path

from brokerage.access.rules import Perm
from brokerage.http import rest

from ..commands import groups
from ..models import Group
from ..queries import groups as grouped
from ..rules.groups import Tie, TieReason
from .clients import ClientCommand


class GroupOut(rest.Out):
    """A group of related clients."""

    id = rest.Id()
    reference = rest.Text()
    formed_at = rest.Instant()


class MemberOut(rest.Out):
    """A client of a group, and what ties it there."""

    client = rest.Id()
    tie = rest.Choice(Tie)


class GroupDetailOut(GroupOut):
    """A group with its clients."""

    members = MemberOut(many=True)


class Groups(rest.ListView):
    """Groups of related clients, by reference."""

    permission, item, order = Perm.SEE_CLIENTS, GroupOut, ("reference", "id")

    class Filters(rest.Paged):
        """Narrow the list: to the group of a client, or of a reference."""

        client = rest.Id(required=False)
        reference = rest.Text(max_length=32, required=False)

    parameters = Filters

    def rows(self) -> QuerySet[Group]:
        """Every group."""
        rows = Group.objects.filter(**self.filters("reference"))
        if "client" in self.asked:
            group = grouped.group_of(self.asked["client"])
            rows = rows.filter(pk=group) if group else rows.none()
        return rows


class GroupDetail(rest.DetailView):
    """One group with its clients."""

    permission, item = Perm.SEE_CLIENTS, GroupDetailOut

    def find(self, group: UUID) -> Group:
        """The group."""
        return grouped.group(group)

    def shown(self, found: Group) -> dict[str, Any]:
        """The group, and its clients by id."""
        tied = [{"client": client, "tie": tie} for client, tie in sorted(grouped.members(found.id).items())]
        return {**GroupOut(found).data, "members": MemberOut(tied, many=True).data}


class FormInputs(rest.Inputs):
    """The reference of the new group: capital letters, digits, hyphens."""

    reference = rest.Text(max_length=32)


class FormGroup(rest.CommandView):
    """Form a group."""

    permission, item, creates = Perm.MAKE_WATCH, GroupOut, True
    command, inputs = groups.form_group, FormInputs

    def state(self, value: Any) -> Any:
        """The new group."""
        return grouped.group(value)


class JoinInputs(rest.Inputs):
    """Which group, and what ties the client to it."""

    group = rest.Id()
    tie = rest.Choice(Tie)


class JoinGroup(ClientCommand):
    """Count the client's credit with a group's."""

    command, inputs = groups.join_group, JoinInputs


class LeaveInputs(rest.Inputs):
    """Why the client's credit counts apart again."""

    reason = rest.Choice(TieReason)


class LeaveGroup(ClientCommand):
    """Take the client out of its group, by two people."""

    command, inputs = groups.leave_group, LeaveInputs


urlpatterns = [
    path("groups", Groups.as_view(), name="api-groups"),
    path("groups/form", FormGroup.as_view(), name="api-group-form"),
    path("groups/<uuid:group>", GroupDetail.as_view(), name="api-group"),
    path("clients/<uuid:client>/join-group", JoinGroup.as_view(), name="api-client-join-group"),
    path("clients/<uuid:client>/leave-group", LeaveGroup.as_view(), name="api-client-leave-group"),
]
