"""A broker with two clients, and callers of its REST routes."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.http.callers import Broker, Caller


@pytest.fixture
def broker(db: Any) -> "Broker":
    """Two clients with a cash account each."""
    from tests.http import callers

    return callers.opened()


@pytest.fixture
def operations(db: Any) -> "Caller":
    """A member of staff who may move money."""
    from tests.http import callers

    return callers.staff("operations")


@pytest.fixture
def holder(broker: "Broker") -> "Caller":
    """The login of the first client's holder."""
    from tests.http import callers

    return callers.holder_of(broker.client)
