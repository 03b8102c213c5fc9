"""CLI-5: the first money comes from the client's own bank account in Hong Kong, which is then designated."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Self

from brokerage.ledger.amounts import positive
from brokerage.ledger.refusal import Refused

from .names import checked_text
from .terms import Terms

HONG_KONG_CURRENCY = "HKD"


class TransferTooSmall(Refused):
    """CLI-5: the first transfer is below the least amount."""

    code = "clients.transfer-too-small"


class TransferForeign(Refused):
    """CLI-5: the first transfer is not from an account in the client's own name at a bank in Hong Kong."""

    code = "clients.transfer-foreign"


class TransferAhead(Refused):
    """A first transfer that is said to come in after today."""

    code = "clients.transfer-ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """An account at a bank, as the vault keeps it."""

    bank: str
    holder: str
    number: str
    country: str

    def checked(self) -> Self:
        """The same account in the form that is stored; raises BadText."""
        return type(self)(
            bank=checked_text(self.bank),
            holder=checked_text(self.holder),
            number=checked_text(self.number, longest=40),
            country=self.country.strip().upper(),
        )


def check_first_transfer(
    amount: Decimal, account: BankAccount, *, own: bool, received_on: date, today: date, terms: Terms
) -> None:
    """CLI-5: pass if enough money came in, from the client's own account at a Hong Kong bank.

    In Hong Kong dollars; `own` says that staff compared the holder's name. Raises TransferForeign,
    TransferAhead, TransferTooSmall or BadAmount.
    """
    if received_on > today:
        raise TransferAhead("Record the transfer once it has come in.", received_on=received_on)
    if account.country != "HK" or not own:
        raise TransferForeign("The money must come from the client's own account at a Hong Kong bank.")
    if positive(amount) < terms.first_transfer:
        raise TransferTooSmall(
            f"The first transfer is at least HKD {terms.first_transfer:,.0f}.", amount=amount
        )
