"""A small firm for margin's tests, by commands only: a clock, prices, a policy and FORMULAS' base book."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerage.ledger import queries as ledger
from brokerage.ledger.chart import Role
from brokerage.market.commands import adopt_price_set, record_observations
from brokerage.market.rules.fx import FxRate
from brokerage.market.rules.instruments import AssetClass
from brokerage.market.rules.prices import Tick
from custody import commands as custody
from custody.rules import AccountKind
from margin import commands as margin
from margin.models import Call, MarginAccount
from margin.rules.policy import AssetKind, AssetTerms, InterestTier, MarginPolicy, flat
from tests.factories import (
    AccountFactory,
    BankFactory,
    ClientFactory,
    DepositoryFactory,
    InstrumentFactory,
    PlatformFactory,
    TermsFactory,
    by_two,
    context,
    list_crypto,
)

START = datetime(2026, 3, 2, 2, tzinfo=UTC)
"""Monday, 10:00 in Hong Kong: the exchange is in session."""
BASE = {"0700": "500", "2800": "25", "BTC": "100000", "ETH": "4000"}
FALLEN = {"0700": "400", "2800": "25", "BTC": "60000", "ETH": "2400"}
RATES = (FxRate(base="USD", quote="HKD", rate=Decimal("7.80")),)
USD = {"BTC", "ETH", "SOL"}


def terms(kind: AssetKind, haircut: str, capital: str) -> AssetTerms:
    """An asset with one haircut for lending and one for capital."""
    return AssetTerms(kind=kind, tiers=flat(Decimal(haircut)), capital_haircut=Decimal(capital))


def policy(**changes: Any) -> MarginPolicy:
    """The policy of FORMULAS' worked examples."""
    known: dict[str, Any] = {
        "assets": {
            "0700": terms(AssetKind.SECURITIES, "0.30", "0.30"),
            "2800": terms(AssetKind.SECURITIES, "0.20", "0.20"),
            "BTC": terms(AssetKind.VA, "0.60", "1"),
            "ETH": terms(AssetKind.VA, "0.65", "1"),
        },
        "interest": (
            InterestTier(up_to=Decimal(1_000_000), rate=Decimal("0.0825")),
            InterestTier(up_to=None, rate=Decimal("0.0725")),
        ),
    }
    return MarginPolicy(**(known | changes))


class Firm:
    """A furnished firm at a time of its own; `now` is the clock, moved by `wait`."""

    def __init__(self) -> None:
        self.time = START
        self.prices_now: dict[str, str] = {}

    def now(self) -> datetime:
        """The clock."""
        return self.time

    def wait(self, **delta: float) -> None:
        """Let time pass."""
        self.time += timedelta(**delta)

    def furnish(self, **policy_changes: Any) -> "Firm":
        """List instruments, register custodians with house money, adopt prices and the policy."""
        InstrumentFactory()
        InstrumentFactory(
            terms=TermsFactory(code="2800", name="Tracker Fund", asset_class=AssetClass.ETF, lot=Decimal(500))
        )
        for code, places in (("BTC", 8), ("ETH", 18), ("SOL", 9)):
            list_crypto(code, places)
        self.bank = BankFactory()
        PlatformFactory(assets=("BTC", "ETH", "SOL"))
        DepositoryFactory(assets=("0700", "2800"))
        custody.fund_house(context(), bank=self.bank, currency="HKD", amount=Decimal(100_000_000))
        self.adopt(**policy_changes)
        self.price_set = self.prices(BASE | {"SOL": "100"})
        return self

    def adopt(self, **changes: Any) -> int:
        """Adopt the policy, changed, from now on."""
        return margin.adopt_policy(
            by_two(), policy=policy(**changes), effective_from=self.time, reason="minutes of the committee"
        ).value

    def prices(self, prices: dict[str, str], *, sources: tuple[str, ...] = ("one", "two")) -> UUID:
        """Adopt prices observed a moment later by all sources; those not named stay as they were."""
        self.wait(seconds=1)
        self.prices_now |= prices
        for source in sources:
            record_observations(context(), source=source, ticks=self._ticks(self.prices_now))
        self.price_set = adopt_price_set(context(), slot=self.time, rates=RATES).value
        return self.price_set

    def split_prices(self, prices: dict[str, str]) -> UUID:
        """Adopt prices on which the two sources disagree: one says these, the other what was before."""
        self.wait(seconds=1)
        for source, says in (("one", prices), ("two", {})):
            record_observations(context(), source=source, ticks=self._ticks(self.prices_now | says))
        self.price_set = adopt_price_set(context(), slot=self.time, rates=RATES).value
        return self.price_set

    def _ticks(self, prices: dict[str, str]) -> tuple[Tick, ...]:
        return tuple(
            Tick(
                instrument=code,
                price=Decimal(price),
                currency="USD" if code in USD else "HKD",
                source_time=self.time,
            )
            for code, price in prices.items()
        )

    def account(self, assets: dict[str, str], *, limit: str = "5000000") -> UUID:
        """A margin account with a limit and deposits."""
        account = AccountFactory(client=ClientFactory(), kind=AccountKind.MARGIN)
        margin.open_margin_account(context(), account=account)
        margin.set_limit(by_two(), account=account, limit=Decimal(limit), reason="assessment 1")
        for asset, amount in assets.items():
            margin.deposit(context(), account=account, asset=asset, amount=Decimal(amount))
        return account

    def base_book(self) -> UUID:
        """The book of FORMULAS' worked example: 3,122,000 of collateral and a loan of 1,500,000.

        Credit is drawn only for purchases, so the two Bitcoin are bought, 60,000 of them for cash.
        """
        account = self.account({"0700": "2000", "2800": "10000", "ETH": "10", "HKD": "60000"})
        self.buy(account, "BTC", "2", cost="0")
        return account

    def buy(self, account: UUID, asset: str, quantity: str, *, cost: str | None = None) -> UUID:
        """Buy at the latest prices."""
        return margin.purchase(
            context(),
            account=account,
            asset=asset,
            quantity=Decimal(quantity),
            price_set=self.price_set,
            cost=None if cost is None else Decimal(cost),
        ).value

    def assess(self, *accounts: UUID, calm_set: UUID | None = None) -> None:
        """Assess the accounts at the latest prices."""
        margin.assess(context(), accounts=list(accounts), price_set=self.price_set, calm_set=calm_set)


def owed(account: UUID, role: Role = Role.LOAN) -> Decimal:
    """A debit of the account in HKD as a positive amount."""
    return -ledger.balances(account).get((role, "HKD"), Decimal(0))


def kinds(account: UUID, prefix: str = "margin.") -> list[str]:
    """The kinds of the account's events, oldest first, without the prefix."""
    return [e.kind.removeprefix(prefix) for e in ledger.events(account) if e.kind.startswith(prefix)]


def last(account: UUID, kind: type) -> Any:
    """The newest event of a class on the account's stream."""
    return [recorded.event for recorded in ledger.events(account) if isinstance(recorded.event, kind)][-1]


def open_call(account: UUID) -> Call:
    """The account's open call."""
    return Call.objects.get(pk=MarginAccount.objects.get(pk=account).open_call)
