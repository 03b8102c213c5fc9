"""ETag and If-Match: a version is never newer than what came with it, and none is passed over."""

import pytest

from brokerage.http import webhook_api
from brokerage.ledger import queries as ledger
from brokerage.ledger import seals, seams
from tests.http import callers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hook(broker, operations):
    """A webhook added to a book that has a past."""
    seals.seal()
    second = callers.staff("operations-checker", name="ho")
    return callers.hooked(operations, second, "https://hooks.example/in", "custody.deposited")["id"]


@pytest.mark.parametrize(
    ("method", "path", "view", "reads"),
    [
        ("get", "", webhook_api.WebhookDetail, 1),
        ("get", "", webhook_api.WebhookDetail, 2),
        ("post", "/test", webhook_api.WebhookTest, 2),
        ("post", "/test", webhook_api.WebhookTest, 3),
    ],
)
def test_a_version_is_no_newer_than_what_came_with_it(
    method, path, view, reads, operations, hook, monkeypatch
):
    """Another person switches the webhook off after so many reads of it, somewhere inside the request."""
    lin, find, left = callers.staff("operations", name="lin"), view.find, [None] * reads

    def read_then_changed(self, **named):
        found = find(self, **named)
        if left:
            left.pop()
            if not left:
                assert lin.post(f"webhooks/{hook}/switch", {"on": False}).status_code == 200
        return found

    monkeypatch.setattr(view, "find", read_then_changed)
    asked = (f"webhooks/{hook}{path}", {}) if method == "post" else (f"webhooks/{hook}",)
    answer = getattr(operations, method)(*asked)
    assert not left
    is_current = answer["ETag"] == f'"{ledger.version(hook)}"'
    assert not is_current or answer.json()["data"]["disabled_at"] is not None


def test_a_part_changes_no_version_and_the_past_has_none(operations, broker):
    path = f"clients/{broker.client}"
    plain, parts = operations.get(path), operations.get(f"{path}?expand=people,holds")
    assert parts["ETag"] == plain["ETag"] == f'"{ledger.version(broker.client)}"'
    now = seams.now().isoformat().replace("+00:00", "Z")
    assert "ETag" not in operations.get(f"{path}?as_of={now}&expand=people")


def test_a_version_is_checked_before_a_command_is_proposed(operations, hook):
    path, seen = f"webhooks/{hook}/replay", operations.get(f"webhooks/{hook}")["ETag"]
    late = operations.post(path, {"after": 0}, **{"If-Match": '"99999"'})
    assert (late.status_code, late.json()["code"]) == (412, "ledger.outdated")
    waits = operations.post(path, {"after": 0}, **{"If-Match": seen})
    assert waits.status_code == 202, waits.content


def test_where_nothing_with_a_version_is_changed_none_is_taken(operations, broker):
    body, odd = {"ground": "staff-concern", "text": "Odd"}, {"If-Match": '"1"'}
    told = operations.post(f"clients/{broker.client}/raise-alert", body)
    assert (told.status_code, told.json()["version"], told.get("ETag")) == (200, None, None)
    refused = operations.post(f"clients/{broker.client}/raise-alert", body, **odd)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/If-Match"
