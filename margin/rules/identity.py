"""Ids that follow from what they name, so that nobody has to look them up and nothing exists twice."""

from datetime import date
from uuid import UUID, uuid5


def sale_id(call: UUID, version: int) -> UUID:
    """The id of the sale planned as that version of the call's plans."""
    return uuid5(call, f"sale-{version}")


def leg_id(sale: UUID, number: int) -> UUID:
    """The id of one leg of a sale."""
    return uuid5(sale, f"leg-{number}")


def fill_id(sale: UUID, leg: int, venue_trade: str) -> UUID:
    """The id of an execution of one order: a venue names its trades for itself, and two may use one name."""
    return uuid5(leg_id(sale, leg), venue_trade)


def month_id(account: UUID, month: date) -> UUID:
    """The id of an account's interest in the month of that day."""
    return uuid5(account, f"interest-{month:%Y-%m}")
