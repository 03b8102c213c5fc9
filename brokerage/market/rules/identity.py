"""Identifiers that follow from what they name, so that the same thing can never be listed twice."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

_MARKET = UUID("5f1c2b8e-6d0a-5c53-9c1e-0b7a3a1f4d20")
PRICE_SETS = uuid5(_MARKET, "price-sets")
"""The stream of adopted price sets."""
CLOSURES = uuid5(_MARKET, "closures")
"""The stream of declared closures."""


def instrument_id(code: str) -> UUID:
    """The stream and row of an instrument."""
    return uuid5(_MARKET, f"instrument:{code}")


def feed_id(instrument: str, source: str) -> UUID:
    """The stream and row of what one source says about one instrument."""
    return uuid5(instrument_id(instrument), source)


def observation_id(feed: UUID, source_time: datetime) -> UUID:
    """The row of one observation of a feed."""
    return uuid5(feed, source_time.astimezone(UTC).isoformat())


def file_id(content_hash: str) -> UUID:
    """The row of an imported file, and the lock that keeps two imports of it apart."""
    return uuid5(_MARKET, f"file:{content_hash}")
