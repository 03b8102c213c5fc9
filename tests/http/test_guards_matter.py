"""Each guard of webhooks, taken away: the test that is named for it must fail."""

from collections.abc import Callable
from typing import Any

import pytest

from brokerage.http import commands, queries
from brokerage.http.models import Webhook, WebhookState
from brokerage.ledger import registry

from . import test_webhooks

hook, receiver, sealed = test_webhooks.hook, test_webhooks.receiver, test_webhooks.sealed
PLANNED = test_webhooks.TestAShardPlannedBefore()
Named = Callable[[Any, Any, Any, pytest.MonkeyPatch], None]


def all_of_them() -> list[Webhook]:
    """Webhooks whatever became of them."""
    return list(Webhook.objects.all())


def unlocked(entry: Any, webhook: Any) -> WebhookState:
    """A state that messages are gathered from at the same time."""
    commands._locked(entry, webhook)
    return WebhookState.objects.get(webhook=webhook)


GUARDS: dict[str, tuple[object, str, Any, Named]] = {
    f"not told once {name}": (
        queries,
        "told",
        all_of_them,
        lambda hook, sealed, receiver, _, end=end: PLANNED.test_sends_nothing_more_once(
            end, hook, sealed, receiver
        ),
    )
    for name, end in test_webhooks.END.items()
} | {
    "nothing restricted": (
        registry,
        "open_to",
        lambda _: registry.kinds(),
        PLANNED.test_sends_nothing_of_a_kind_that_is_restricted_by_now,
    ),
    "one at a time": (
        commands,
        "_state",
        unlocked,
        lambda hook, sealed, _, patch: PLANNED.test_leaves_nothing_to_send_when_it_is_removed_meanwhile(
            hook, sealed, patch
        ),
    ),
}


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_matters(name, hook, sealed, receiver, monkeypatch):
    where, what, instead, named = GUARDS[name]
    monkeypatch.setattr(where, what, instead)
    with pytest.raises(AssertionError):
        named(hook, sealed, receiver, monkeypatch)
