"""The replay's clients: what they bring in, how much they like to borrow, and whether they answer calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random
from uuid import UUID

from brokerage.clients.commands import open_client
from brokerage.clients.rules.status import ClientType
from brokerage.ledger.amounts import EXACT, half_up, lots_down, lots_up
from custody.commands import open_account
from custody.rules import AccountKind

from .. import commands, queries
from ..models import Call
from ..rules.buying_power import buying_power
from ..rules.calls import cure
from ..rules.policy import MarginPolicy
from ..rules.valuation import Quote
from .firm import PLACES
from .timeline import Timeline

CENT = 2
AHEAD = Decimal("0.02")
"""The part of his wealth by which a client answers more than a call asks for: to meet it to the cent is to be
called again by the next day's interest."""


class Temper(StrEnum):
    """How a client answers a call."""

    PAYS = "pays"
    PLEDGES = "pledges"
    SELLS = "sells"
    PAYS_HALF = "pays-half"
    IGNORES = "ignores"


@dataclass(frozen=True, slots=True)
class Client:
    """One generated client: when he joins, what he owns, what he likes to buy and how he behaves.

    `wealth` is brought in on the first day, in HKD, split over `likes`; `appetite` is the part of his
    buying power a purchase takes.
    """

    number: int
    joins: date
    wealth: Decimal
    likes: tuple[str, ...]
    appetite: Decimal
    temper: Temper

    @property
    def ahead(self) -> Decimal:
        """HKD this client puts beyond what a call asks for."""
        return half_up(EXACT.multiply(self.wealth, AHEAD), CENT)

    def may_join(self, day: date, market: "Market") -> bool:
        """Whether his day has come and everything he owns has a price."""
        return self.joins <= day and all(asset in market.quotes for asset in self.likes)


@dataclass(frozen=True, slots=True)
class Market:
    """What clients see in the morning: the price set, quotes in HKD, the policy and lots."""

    price_set: UUID
    quotes: Mapping[str, Quote]
    policy: MarginPolicy
    lots: Mapping[str, Decimal]

    def unit(self, asset: str) -> Decimal:
        """The price of one unit in HKD."""
        quote = self.quotes[asset]
        return EXACT.multiply(quote.price, quote.fx_rate)

    def lots_worth(self, asset: str, value: Decimal) -> Decimal:
        """The whole lots of an asset that `value` HKD buys."""
        return lots_down(EXACT.divide(value, self.unit(asset)), self.lots[asset])


def generate(random: Random, number: int, start: date, joining_days: int) -> Client:
    """One client; two in three hold a virtual asset beside shares."""
    likes = random.sample(["0700", "1810", "3690"], random.choice((1, 2, 2)))
    if random.random() < 0.66:
        likes += random.choice((["BTC"], ["ETH"], ["BTC", "ETH"]))
    return Client(
        number=number,
        joins=start + timedelta(days=random.randrange(joining_days)),
        wealth=Decimal(random.choice((300, 500, 800, 1500, 4000, 12000))) * random.randrange(700, 1300),
        likes=tuple(likes),
        appetite=Decimal(random.randrange(50, 100)) / 100,
        temper=random.choices(list(Temper), (35, 15, 15, 15, 20))[0],
    )


def join(client: Client, timeline: Timeline, market: Market) -> UUID:
    """Open the client's margin account, set his limit and bring in what he owns; the account."""
    context = timeline.context
    owner = open_client(context(), reference=f"R-{client.number:06d}", type=ClientType.INDIVIDUAL).value
    account = open_account(context(), client=owner, kind=AccountKind.MARGIN, base_currency="HKD").value
    commands.open_margin_account(context(), account=account)
    limit = client.wealth * 3
    commands.set_limit(timeline.by_two(), account=account, limit=limit, reason="assessed by the replay")
    share = half_up(EXACT.divide(client.wealth, Decimal(len(client.likes) + 1)), CENT)
    commands.deposit(context(), account=account, asset="HKD", amount=share)
    for asset in client.likes:
        if amount := market.lots_worth(asset, share):
            commands.deposit(context(), account=account, asset=asset, amount=amount)
    return account


def buy(client: Client, account: UUID, timeline: Timeline, market: Market) -> None:
    """Spend the client's appetite of his buying power on something he likes; Refused if he may not."""
    asset = timeline.random.choice(client.likes)
    book = queries.books([account])[account]
    cent = Decimal(1).scaleb(-CENT)
    most = buying_power(book, asset, market.quotes, market.policy, market.lots[asset], spare=cent).quantity
    quantity = lots_down(EXACT.multiply(most, client.appetite), market.lots[asset])
    if quantity or timeline.random.random() < 0.05:
        commands.purchase(
            timeline.context(),
            account=account,
            asset=asset,
            quantity=quantity or market.lots[asset],
            price_set=market.price_set,
        )


def pledge_what_does_not_count(account: UUID, timeline: Timeline) -> None:
    """Try to bring in SOL, which is refused (VAF-4)."""
    commands.deposit(timeline.context(), account=account, asset="SOL", amount=Decimal(10))


def take_out(account: UUID, timeline: Timeline, market: Market) -> None:
    """Take out a tenth of the largest position, refused where the loan needs it."""
    positions = queries.books([account])[account].positions
    if positions:
        asset = max(positions, key=lambda code: (positions[code] * market.unit(code), code))
        if amount := lots_down(positions[asset] / 10, market.lots[asset]):
            commands.withdraw(
                timeline.context(), account=account, asset=asset, amount=amount, price_set=market.price_set
            )


def answer(client: Client, account: UUID, call: Call, timeline: Timeline, market: Market) -> None:
    """Do what the client's temper has him do about his open call."""
    asked = half_up(call.securities_left + call.va_left, CENT)
    if client.temper is Temper.IGNORES or not asked:
        return
    amount = half_up(asked / 2, CENT) if client.temper is Temper.PAYS_HALF else asked + client.ahead
    if client.temper is Temper.SELLS:
        _sell(client, account, amount, timeline, market)
    elif client.temper is not Temper.PLEDGES or not _pledge(client, account, timeline, market):
        commands.deposit(timeline.context(), account=account, asset="HKD", amount=amount)


def _pledge(client: Client, account: UUID, timeline: Timeline, market: Market) -> bool:
    """Bring in of the first liked asset what meets the call, and more; False if none would."""
    asset = client.likes[0]
    book = queries.books([account])[account]
    wanted = cure(book, asset, market.quotes, market.policy, market.lots[asset])
    if wanted is None or not wanted.quantity:
        return False
    amount = wanted.quantity + market.lots_worth(asset, client.ahead)
    context = timeline.context()
    commands.deposit(context, account=account, asset=asset, amount=amount)
    return True


def _sell(client: Client, account: UUID, amount: Decimal, timeline: Timeline, market: Market) -> None:
    """Sell about twice the amount asked for, of the largest position."""
    positions = queries.books([account])[account].positions
    asset = max(positions, key=lambda code: (positions[code] * market.unit(code), code))
    wanted = lots_up(EXACT.divide(amount * 2, market.unit(asset)), market.lots[asset])
    commands.sell(
        timeline.context(),
        account=account,
        asset=asset,
        quantity=min(wanted, positions[asset]),
        price_set=market.price_set,
    )


def tries_sol(client: Client) -> bool:
    """One virtual-asset client in fifty tries to pledge SOL when he joins."""
    return client.number % 50 == 0 and any(asset in PLACES for asset in client.likes)
