"""The house that custody's tests stand in. Django is not set up yet when this file is read."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.factories import House


@pytest.fixture
def house(db: None) -> "House":
    """A furnished firm, in the test's transaction."""
    from tests.factories import furnish

    return furnish()


@pytest.fixture
def committed_house(transactional_db: None) -> "House":
    """A furnished firm that other connections can see."""
    from tests.factories import furnish

    return furnish()
