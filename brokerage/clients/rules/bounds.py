"""How much one applicant may bring in: what is sealed stays, and any stranger may apply."""

from datetime import timedelta

from brokerage.ledger.refusal import Refused

A_DAY = timedelta(days=1)
"""What counts by the day counts over so long before now."""


class TooMany(Refused):
    """More than the house takes in from one applicant: in one application, or in a day."""

    code = "clients.too-many"


def check_room(before: int, most: int, what: str) -> None:
    """Pass if there is room for one more; `what` names it to the applicant. Raises TooMany."""
    if before >= most:
        raise TooMany(f"There are {most} {what} already. Write to us if you need more.", most=most)
