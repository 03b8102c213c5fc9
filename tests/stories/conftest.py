"""What margin's tests share: a firm with a clock of its own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.margin.firm import Firm


@pytest.fixture
def firm(db: None) -> Iterator["Firm"]:
    """A furnished firm; its clock is the test's clock."""
    from brokerage.ledger import seams
    from tests.margin.firm import Firm

    made = Firm()
    with seams.using(clock=made.now):
        yield made.furnish()
