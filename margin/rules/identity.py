"""Ids that follow from what they name, so that nobody has to look them up and nothing exists twice."""

from datetime import date
from uuid import UUID, uuid5

FILLS = UUID("4a0f1d57-58f6-4f9e-9c3b-6f0e1f2d7b10")
"""The name space of a venue's executions."""


def sale_id(call: UUID, version: int) -> UUID:
    """The id of the sale planned as that version of the call's plans."""
    return uuid5(call, f"sale-{version}")


def leg_id(sale: UUID, number: int) -> UUID:
    """The id of one leg of a sale."""
    return uuid5(sale, f"leg-{number}")


def fill_id(venue_trade: str) -> UUID:
    """The id of the execution the venue calls that: one booking per venue trade."""
    return uuid5(FILLS, venue_trade)


def month_id(account: UUID, month: date) -> UUID:
    """The id of an account's interest in the month of that day."""
    return uuid5(account, f"interest-{month:%Y-%m}")
