"""Lists are narrowed by what stands in the address."""

from uuid import uuid4

import pytest

from tests.clients.test_screening import WANTED, holder, listed, person
from tests.http import callers

pytestmark = pytest.mark.django_db(transaction=True)


def test_lists_of_hits_and_of_groups_are_narrowed():
    listed(WANTED)
    desk = callers.staff("operations")
    one, two = person(), person()
    client, _ = holder(one), holder(two)
    for each in (one, two):
        desk.post(f"people/{each}/screen", {})
    groups = [
        desk.post("groups/form", {"reference": f"G-{number}"}).json()["data"]["id"] for number in (1, 2)
    ]
    desk.post(f"clients/{client}/join-group", {"group": groups[0], "tie": "control"})

    def found(path: str, key: str) -> list[str]:
        return sorted(row[key] for row in desk.get(path).json()["data"])

    assert found("screening-hits", "person") == sorted([str(one), str(two)])
    assert found(f"screening-hits?client={client}", "person") == [str(one)]
    assert found(f"screening-hits?person={two}", "person") == [str(two)]
    assert found(f"screening-hits?client={client}&person={two}", "person") == []
    assert found("groups", "id") == sorted(groups)
    assert found(f"groups?client={client}", "id") == [groups[0]]
    assert found("groups?reference=G-2", "id") == [groups[1]]
    assert found(f"groups?client={uuid4()}", "id") == []
