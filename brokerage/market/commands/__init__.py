"""Every way to change what the market room knows."""

from .adoption import adopt_price_set, release_price
from .observations import import_prices, record_observations
from .reference import change_instrument, declare_closure, list_instrument

__all__ = (
    "adopt_price_set",
    "change_instrument",
    "declare_closure",
    "import_prices",
    "list_instrument",
    "record_observations",
    "release_price",
)
