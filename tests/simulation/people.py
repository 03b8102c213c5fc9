"""Clients who bring, buy, take, sell and cure, and staff who approve: late, never, or what is their own."""

from decimal import Decimal
from uuid import UUID

from brokerage.market.commands import release_price
from brokerage.market.models import PriceSet, Quarantine
from brokerage.market.queries import latest_price_set
from margin import commands as margin
from margin.models import Call, Sale
from margin.rules.policy import AssetKind
from tests.margin.firm import policy, terms

from .callers import Callers
from .market import BASE
from .model import Model
from .world import Broken, World

LOTS = {"0700": Decimal(100), "2800": Decimal(500), "BTC": Decimal("0.01"), "ETH": Decimal("0.1")}
MAKER, CHECKER = UUID(int=1), UUID(int=2)
TWO = {"maker": MAKER, "checker": CHECKER}
ALONE = {"maker": MAKER, "checker": MAKER}
ACTS = {
    "deposit": 4,
    "pledge": 2,
    "buy": 6,
    "withdraw": 4,
    "take out": 3,
    "sell": 3,
    "cure": 4,
    "take too much": 1,
    "bad amount": 1,
    "dispute": 1,
}


class People:
    """Everybody who acts from outside, one act at a time."""

    def __init__(self, world: World, callers: Callers, model: Model) -> None:
        self.world = world
        self.callers = callers
        self.model = model

    def act(self) -> None:
        """One client does one thing; most of it may well be refused."""
        random = self.world.random
        act = random.choices(list(ACTS), list(ACTS.values()))[0]
        account = random.choice(sorted(self.model.accounts))
        self.world.note(f"client {str(account)[-4:]}: {act}")
        getattr(self, "_" + act.replace(" ", "_"))(account)

    def approve(self) -> None:
        """Somebody looks at what waits for a second person: sales, doubtful prices, a call."""
        for sale in Sale.objects.filter(state=Sale.State.PLANNED).order_by("id"):
            self._approve_sale(sale)
        for row in Quarantine.objects.filter(released_at=None).order_by("id"):
            if self.world.chance(0.5):
                self.callers.must_refuse(release_price, people=ALONE, quarantine=row.id, reason="seen")
            if not self.callers.calm:
                self.callers.do(release_price, people=TWO, quarantine=row.id, reason="seen twice")
        if not self.callers.calm and self.world.chance(0.1):
            for call in Call.objects.filter(is_open=True).order_by("id")[:1]:
                self.callers.do(margin.cancel_call, people=TWO, account=call.account_id, reason="in error")

    def let_jobs_sell(self) -> None:
        """From now on a sale takes no second person, unless a price is in doubt."""
        self.callers.do(
            margin.adopt_policy,
            people=TWO,
            policy=policy(automatic_sales=True),
            effective_from=self.world.now,
            reason="minutes of the committee",
        )

    def ask_during_a_call(self) -> None:
        """Somebody pays nearly all of a call and so has buying power again; credit stays stopped."""
        call = Call.objects.filter(is_open=True).order_by("id").first()
        if call is None:
            return
        account, asked = call.account_id, call.securities_left + call.va_left
        if asked > 1:
            paid = (asked * 95 / 100).quantize(Decimal("0.01"))
            self.callers.do(margin.deposit, account=account, asset="HKD", amount=paid)
        if Call.objects.filter(id=call.id, is_open=True).exists():
            wanted = {"account": account, "asset": "0700"}
            prices = _latest().id
            self.callers.must_refuse(margin.purchase, quantity=LOTS["0700"], price_set=prices, **wanted)
            self.callers.must_refuse(margin.withdraw, amount=LOTS["0700"], **wanted)

    def no_lower_haircut(self) -> None:
        """Nobody adopts a policy that lends more than 40 % on a virtual asset."""
        cheap = policy().assets | {"BTC": terms(AssetKind.VA, "0.59", "1")}
        self.callers.must_refuse(
            margin.adopt_policy,
            policy=policy(assets=cheap),
            effective_from=self.world.now,
            reason="more business",
        )

    def _approve_sale(self, sale: Sale) -> None:
        prices = _latest()
        inputs = {"account": sale.call.account_id, "sale": sale.id, "price_set": prices.id}
        if self.world.chance(0.4):
            refusal = self.callers.must_refuse(margin.approve_sale, people=ALONE, **inputs)
            self.world.note(f"maker approves his own sale: {refusal.code}")
        self.callers.do(margin.approve_sale, people=TWO, **inputs)

    def _deposit(self, account: UUID) -> None:
        amount = Decimal(self.world.random.randint(1, 20_000_000)) / 100
        self.callers.do(margin.deposit, account=account, asset="HKD", amount=amount)

    def _pledge(self, account: UUID) -> None:
        asset = self.world.random.choice(sorted(BASE))
        amount = LOTS[asset] * self.world.random.randint(1, 5)
        self.callers.do(margin.deposit, account=account, asset=asset, amount=amount)

    def _buy(self, account: UUID) -> None:
        asset = self.world.random.choice(sorted(BASE))
        quantity = LOTS[asset] * self.world.random.randint(1, 20)
        self.callers.do(
            margin.purchase, account=account, asset=asset, quantity=quantity, price_set=_latest().id
        )

    def _withdraw(self, account: UUID) -> None:
        part = self.world.random.randint(1, 100)
        cash = self.model.accounts[account].cash * part / 100
        amount = max(Decimal("0.01"), cash.quantize(Decimal("0.01")))
        self.callers.do(margin.withdraw, account=account, asset="HKD", amount=amount)

    def _take_out(self, account: UUID) -> None:
        asset = self.world.random.choice(sorted(BASE))
        amount = LOTS[asset] * self.world.random.randint(1, 8)
        self.callers.do(margin.withdraw, account=account, asset=asset, amount=amount)

    def _take_too_much(self, account: UUID) -> None:
        """More than there is goes out to nobody: cash, or collateral."""
        mine = self.model.accounts[account]
        asset = self.world.random.choice(["HKD", *sorted(BASE)])
        held = mine.cash if asset == "HKD" else mine.collateral[asset]
        more = held + LOTS.get(asset, Decimal("0.01"))
        self.callers.must_refuse(margin.withdraw, account=account, asset=asset, amount=more)

    def _bad_amount(self, account: UUID) -> None:
        bad = self.world.random.choice((Decimal(0), Decimal(-5), Decimal("NaN"), Decimal("0.001")))
        self.callers.must_refuse(margin.deposit, account=account, asset="HKD", amount=bad)

    def _sell(self, account: UUID) -> None:
        held = {asset: amount for asset, amount in self.model.accounts[account].collateral.items() if amount}
        if held:
            asset = self.world.random.choice(sorted(held))
            quantity = min(held[asset], LOTS[asset] * self.world.random.randint(1, 30))
            self.callers.do(
                margin.sell, account=account, asset=asset, quantity=quantity, price_set=_latest().id
            )

    def _cure(self, account: UUID) -> None:
        """Pay what an open call asks for, half of it, or a cent less."""
        call = Call.objects.filter(account=account, is_open=True).first()
        if call is not None:
            asked = call.securities_left + call.va_left
            amount = self.world.random.choice((asked, asked / 2, asked - Decimal("0.01")))
            amount = max(Decimal("0.01"), amount.quantize(Decimal("0.01")))
            self.callers.do(margin.deposit, account=account, asset="HKD", amount=amount)

    def _dispute(self, account: UUID) -> None:
        self.callers.do(margin.dispute_call, account=account, reason="prices")


def _latest() -> PriceSet:
    found = latest_price_set()
    if found is None:
        raise Broken("the opening adopts a price set")
    return found
