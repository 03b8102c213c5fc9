"""What a client owns and owes, as declared and evidenced. The figures stay in the vault."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Self

from brokerage.ledger.amounts import ONE, ZERO, checked
from brokerage.ledger.refusal import Refused

from .terms import Holding, Terms


class BadFinances(Refused):
    """A figure below zero, or evidence from the future."""

    code = "clients.bad-finances"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finances:
    """Assets by kind and what is owed, in Hong Kong dollars, as evidenced on a day."""

    evidence_dated: date
    cash: Decimal = ZERO
    securities: Decimal = ZERO
    funds: Decimal = ZERO
    real_estate: Decimal = ZERO
    virtual_assets: Decimal = ZERO
    other: Decimal = ZERO
    liabilities: Decimal = ZERO

    def checked(self, today: date) -> Self:
        """The same figures, proved usable; raises BadFinances or BadAmount."""
        figures = [*self.holdings().values(), self.liabilities]
        if any(checked(each) < ZERO for each in figures):
            raise BadFinances("Amounts are zero or more.")
        if self.evidence_dated > today:
            raise BadFinances("The evidence cannot be dated in the future.")
        return self

    def holdings(self) -> dict[Holding, Decimal]:
        """The assets by kind."""
        return {
            Holding.CASH: self.cash,
            Holding.SECURITIES: self.securities,
            Holding.FUNDS: self.funds,
            Holding.REAL_ESTATE: self.real_estate,
            Holding.VIRTUAL_ASSETS: self.virtual_assets,
            Holding.OTHER: self.other,
        }

    @property
    def portfolio(self) -> Decimal:
        """CLI-1: cash, securities and funds; virtual assets are not counted."""
        return self.cash + self.securities + self.funds

    @property
    def total_assets(self) -> Decimal:
        """CLI-1: all assets but virtual ones."""
        return self.portfolio + self.real_estate + self.other

    @property
    def net_worth(self) -> Decimal:
        """All assets less what is owed; may be below zero."""
        return self.total_assets + self.virtual_assets - self.liabilities

    def stressed(self, terms: Terms) -> Decimal:
        """VAF-7: net worth after a fall in the price of whatever is not money; not below zero."""
        kept = sum((amount * (ONE - terms.stress[each]) for each, amount in self.holdings().items()), ZERO)
        return max(kept - self.liabilities, ZERO)
