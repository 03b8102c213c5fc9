from uuid import uuid4

import pytest

from brokerage.clients.commands.groups import form_group, join_group, leave_group
from brokerage.clients.queries.groups import group_of, members, related
from brokerage.clients.rules.groups import GroupExists, InAGroup, NotInGroup, Tie, TieReason, UnknownGroup
from brokerage.ledger.entry import SecondPersonNeeded
from brokerage.ledger.rebuild import rebuild
from tests.factories import ClientFactory, by_two, context

pytestmark = pytest.mark.django_db(transaction=True)


def test_clients_of_a_group_count_together():
    one, other, alone = ClientFactory(), ClientFactory(), ClientFactory()
    group = form_group(context(), reference="G-1").value
    for client in (one, other):
        join_group(context(), client=client, group=group, tie=Tie.CONTROL)
    assert related(one) == related(other) == {one, other}
    assert related(alone) == {alone}
    assert set(members(group)) == {one, other}
    assert rebuild(check=True).identical


def test_a_client_belongs_to_one_group():
    client = ClientFactory()
    for reference in ("G-1", "G-2"):
        form_group(context(), reference=reference)
    group = form_group(context(), reference="G-3").value
    join_group(context(), client=client, group=group, tie=Tie.FAMILY)
    with pytest.raises(InAGroup):
        join_group(context(), client=client, group=group, tie=Tie.FAMILY)
    with pytest.raises(GroupExists):
        form_group(context(), reference="G-3")
    with pytest.raises(UnknownGroup):
        join_group(context(), client=ClientFactory(), group=uuid4(), tie=Tie.FAMILY)


def test_two_people_take_a_client_out_of_a_group():
    client = ClientFactory()
    group = form_group(context(), reference="G-1").value
    with pytest.raises(NotInGroup):
        leave_group(by_two(), client=client, reason=TieReason.INDEPENDENT)
    join_group(context(), client=client, group=group, tie=Tie.GUARANTEE)
    with pytest.raises(SecondPersonNeeded):
        leave_group(context(), client=client, reason=TieReason.GUARANTEE_RELEASED)
    leave_group(by_two(), client=client, reason=TieReason.GUARANTEE_RELEASED)
    assert group_of(client) is None
