"""The firm every seed starts in: furnished, with three borrowers near the edge, by commands only."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from brokerage.market.queries import latest_price_set
from custody.rules import AccountKind
from margin import commands as margin
from tests.factories import AccountFactory, ClientFactory, by_two, context
from tests.margin.firm import START, Firm

from .market import adopted
from .model import Model
from .world import World

BOOKS = (
    ({"0700": "2000", "2800": "10000", "ETH": "10", "HKD": "60000"}, ("BTC", "2")),
    ({"0700": "1500", "BTC": "1", "HKD": "50000"}, ("ETH", "33")),
    ({"0700": "1000", "HKD": "100000"}, ("2800", "50000")),
)
"""What each brings in, and what he then buys on margin."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The firm as a seed finds it."""

    now: datetime
    accounts: tuple[UUID, ...]
    model: Model


def open_firm() -> Opening:
    """Furnish a firm in the present database and open its accounts."""
    world = World("opening", START)
    firm = _OnTime(world)
    model = Model()
    with world.rules():
        firm.furnish()
        accounts = tuple(_borrower(number, *book) for number, book in enumerate(BOOKS))
    model.prices.update(adopted())
    for commit in world.commits:
        model.apply(commit)
    return Opening(world.now, accounts, model)


class _OnTime(Firm):
    """The furnished firm of margin's tests, on a simulated clock."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def wait(self, **delta: float) -> None:
        """Let time pass for firm and world."""
        super().wait(**delta)
        self.world.now = self.time


def _borrower(number: int, brings: dict[str, str], buys: tuple[str, str]) -> UUID:
    client = ClientFactory(reference=f"S-{number}")
    account: UUID = AccountFactory(client=client, kind=AccountKind.MARGIN)
    margin.open_margin_account(context(), account=account)
    margin.set_limit(by_two(), account=account, limit=Decimal(5_000_000), reason="assessment 1")
    for asset, amount in brings.items():
        margin.deposit(context(), account=account, asset=asset, amount=Decimal(amount))
    asset, quantity = buys
    prices = latest_price_set()
    assert prices is not None
    margin.purchase(context(), account=account, asset=asset, quantity=Decimal(quantity), price_set=prices.id)
    return account
