"""What is kept and moved: its kind, and the least unit of it."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from brokerage.ledger.amounts import half_up, positive
from brokerage.ledger.chart import Role
from brokerage.ledger.refusal import Refused


class AssetKind(StrEnum):
    """What is kept, as far as it decides who may keep it."""

    MONEY = "money"
    VIRTUAL_ASSET = "virtual-asset"
    SECURITY = "security"


class TooFine(Refused):
    """An amount finer than the least unit of its asset."""

    code = "custody.too-fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A currency or instrument: its code in the book, its kind and the decimals of its least unit."""

    code: str
    kind: AssetKind
    places: int

    @property
    def is_money(self) -> bool:
        """Whether it is a currency, kept at a bank and held as cash."""
        return self.kind is AssetKind.MONEY

    def amount(self, value: Decimal, *, name: str = "amount") -> Decimal:
        """The same value, proved positive and no finer than the asset's least unit.

        Raises BadAmount or TooFine.
        """
        positive(value, name=name)
        if value != half_up(value, self.places):
            raise TooFine(
                f"{self.code} has {self.places} decimal places.",
                asset=self.code,
                value=value,
                places=self.places,
            )
        return value

    def held_as(self, role: Role) -> Role:
        """Where a client has it: money as cash; the rest in `role`, holding or collateral."""
        return Role.CASH if self.is_money else role
