"""The replay's days: prices, expiries, sales, revaluation, calls, then what clients do, then interest."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Sum

from brokerage.ledger import rebuild, seals, seams, snapshots
from brokerage.ledger.amounts import ZERO
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.refusal import Refused
from brokerage.market.commands import adopt_price_set, record_observations
from brokerage.market.queries import instruments
from brokerage.market.sources import DailyFiles

from .. import commands, queries
from ..models import Call, MarginAccount, Sale, Valuation
from ..revaluation import revalue
from ..rules.lifecycle import UNSOLD
from . import clients
from .clients import Client, Market
from .firm import RATES, SOURCE, found, price_files
from .timeline import Timeline

BATCH = 100
ACTIVE = 0.01
"""The part of clients who do something of their own accord on a day."""
FIRST_PURCHASES = 3


class BookNotEmpty(Refused):
    """The replay writes a book of its own and will not mix it with another."""

    code = "margin.book-not-empty"


class Day(NamedTuple):
    """One morning after the clients acted: totals in HKD, and how many calls are open."""

    day: date
    loan: Decimal
    lending_value: Decimal
    open_calls: int


@dataclass(slots=True)
class Replayed:
    """What came of a replay: its days, what was refused to clients by code, and the state hash."""

    days: list[Day] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    state_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to replay: the folder of price files, the first and last day, how many clients, which seed."""

    prices: Path
    start: date
    end: date
    clients: int
    seed: int

    @property
    def joining_days(self) -> int:
        """Clients join over the first quarter of the time, at most two months."""
        return min(60, (self.end - self.start).days // 4 + 1)

    def days(self) -> Iterator[date]:
        """Every calendar day from first to last."""
        return (self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1))


def replay(plan: Plan, progress: Callable[[date], None]) -> Replayed:
    """Carry a generated book through the price files, day by day, and seal it.

    Each day is run at 08:00 Hong Kong time of the day after, on that day's closes. `progress` is told
    of each day done. Raises BookNotEmpty, MissingPrices or MalformedFile.
    """
    files = price_files(plan.prices)
    if instruments():
        raise BookNotEmpty("The replay needs an empty ledger: name a new PRAYA_DATA_DIR or database.")
    timeline = Timeline(plan.seed, plan.start - timedelta(days=1))
    with seams.using(clock=timeline.clock, ids=timeline.new_id):
        run = _Run(plan, timeline, found(timeline, files))
        for day in plan.days():
            run.day(day)
            progress(day)
        run.result.state_hash = rebuild.state_hash()
    return run.result


class _Run:
    """A replay under way."""

    def __init__(self, plan: Plan, timeline: Timeline, source: DailyFiles) -> None:
        self.timeline = timeline
        self.source = source
        self.result = Replayed()
        self._priced_until = datetime.min.replace(tzinfo=timeline.now.tzinfo)
        self._calm_set: UUID | None = None
        self._waiting = [
            clients.generate(timeline.random, number, plan.start, plan.joining_days)
            for number in range(plan.clients)
        ]
        self._members: dict[UUID, Client] = {}

    def day(self, day: date) -> None:
        """Everything of one day, at 08:00 of the next."""
        self.timeline.to_morning_after(day)
        market = self._adopt_prices()
        self._interest(day)
        self._expire(market)
        self._sell(market)
        self._assess(market)
        self._clients_act(day, market)
        revalue(market.price_set, self.timeline.now)
        self._note(day)
        seals.seal()
        snapshots.take()

    def _adopt_prices(self) -> Market:
        now = self.timeline.now
        ticks = {tick.instrument: tick for tick in self.source.ticks(self._priced_until, now)}
        self._priced_until = now
        if ticks:
            record_observations(self.timeline.context(), source=SOURCE, ticks=tuple(ticks.values()))
        price_set = adopt_price_set(self.timeline.context(), slot=now, rates=RATES).value
        prices = queries.prices(price_set, "HKD", at=now)
        policy = prices.apply(queries.policy_in_force(now).policy)
        lots = {code: terms.lot for code, terms in instruments().items()}
        return Market(price_set, prices.quotes, policy, lots)

    def _interest(self, day: date) -> None:
        borrowers = MarginAccount.objects.filter(debit_moved_at__isnull=False).order_by("id")
        for accounts in _batches(list(borrowers.values_list("id", flat=True))):
            with suppress(NothingToDo):
                commands.accrue_interest(self.timeline.context(), accounts=accounts, day=day)
            if (day + timedelta(days=1)).day == 1:
                with suppress(NothingToDo):
                    commands.charge_interest(self.timeline.context(), accounts=accounts, month=day)

    def _expire(self, market: Market) -> None:
        called = Call.objects.filter(is_open=True).order_by("account_id").values_list("account_id", flat=True)
        for accounts in _batches(list(called)):
            with suppress(NothingToDo):
                commands.expire_calls(self.timeline.context(), accounts=accounts, price_set=market.price_set)

    def _sell(self, market: Market) -> None:
        """Plan, approve, order and fill the sale of every expired call, at the morning's prices."""
        unsold = Call.objects.filter(is_open=True, stage__in=UNSOLD).order_by("account_id")
        for account in list(unsold.values_list("account_id", flat=True)):
            with suppress(NothingToDo):
                self._sell_for(account, market)

    def _sell_for(self, account: UUID, market: Market) -> None:
        context, prices = self.timeline.context, market.price_set
        sale = commands.plan_sale(context(), account=account, price_set=prices).value
        commands.approve_sale(context(), account=account, sale=sale, price_set=prices)
        commands.order_sale(context(), account=account, sale=sale, price_set=prices)
        for leg in Sale.objects.get(pk=sale).legs.order_by("number"):
            if Sale.objects.get(pk=sale).state == Sale.State.CLOSED:
                commands.release_order(context(), account=account, sale=sale, leg=leg.number)
                continue
            commands.fill_sale(
                context(),
                account=account,
                sale=sale,
                leg=leg.number,
                venue_trade=f"{sale}:{leg.number}",
                quantity=leg.quantity,
                price=market.quotes[leg.asset].price,
                price_set=prices,
            )

    def _assess(self, market: Market) -> None:
        candidates = revalue(market.price_set, self.timeline.now).candidates
        for accounts in _batches(candidates):
            with suppress(NothingToDo):
                commands.assess(
                    self.timeline.context(),
                    accounts=accounts,
                    price_set=market.price_set,
                    calm_set=self._calm_set,
                )
        self._calm_set = market.price_set

    def _clients_act(self, day: date, market: Market) -> None:
        self.timeline.now += timedelta(minutes=1)
        for client in [each for each in self._waiting if each.may_join(day, market)]:
            self._waiting.remove(client)
            account = clients.join(client, self.timeline, market)
            self._members[account] = client
            if clients.tries_sol(client):
                self._try(clients.pledge_what_does_not_count, account, self.timeline)
            for _ in range(FIRST_PURCHASES):
                self._try(clients.buy, client, account, self.timeline, market)
        calls = Call.objects.filter(is_open=True).order_by("account_id")
        for call in calls:
            client = self._members[call.account_id]
            self._try(clients.answer, client, call.account_id, call, self.timeline, market)
        self._wander(market)

    def _wander(self, market: Market) -> None:
        """A few clients buy or take something out; those in call are refused."""
        random = self.timeline.random
        members = list(self._members.items())
        for account, client in random.sample(members, round(len(members) * ACTIVE)):
            if random.random() < 0.8:
                self._try(clients.buy, client, account, self.timeline, market)
            else:
                self._try(clients.take_out, account, self.timeline, market)

    def _try(self, act: Callable[..., None], *arguments: object) -> None:
        try:
            act(*arguments)
        except Refused as refusal:
            self.result.refused[refusal.code] += 1

    def _note(self, day: date) -> None:
        totals = Valuation.objects.aggregate(loan=Sum("loan"), lending_value=Sum("lending_value"))
        open_calls = Call.objects.filter(is_open=True).aggregate(number=Count("id"))["number"]
        self.result.days.append(Day(day, totals["loan"] or ZERO, totals["lending_value"] or ZERO, open_calls))


def _batches(accounts: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(accounts), BATCH):
        yield accounts[start : start + BATCH]
