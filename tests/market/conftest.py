"""What the market's tests share: the real daily prices beside the checkout."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def market_data() -> Path:
    """The folder of shipped price files; the test is skipped where it does not exist."""
    folder = Path(__file__).parents[3] / "shared" / "market_data"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/market_data is not beside this checkout")
    return folder
