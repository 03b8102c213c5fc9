"""What the market's tests share: the real daily prices beside the checkout."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def market_data(shared_folder: Path) -> Path:
    """The folder of shipped price files."""
    return shared_folder / "market_data"
