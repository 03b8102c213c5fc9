"""Tells the demonstration's story through the same commands that real business uses."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from brokerage.clients.commands import open_client
from brokerage.clients.models import ClientLabel
from brokerage.clients.rules.status import ClientType
from brokerage.ledger import seals, seams
from brokerage.ledger.amounts import ZERO, half_up, lots_down
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import Context, Source
from brokerage.market import commands as market
from brokerage.market import queries as prices_known
from brokerage.market.rules.calendars import hong_kong_date
from brokerage.market.rules.prices import Tick
from custody import commands as custody
from custody.rules import AccountKind, CustodianKind, Licence
from margin import commands as margin
from margin import queries
from margin.models import Call
from margin.revaluation import revalue
from margin.rules.valuation import Quote, value

from . import demo
from .welcome import welcome

SEED = 852
ACTOR = "job:seed-demo"
_MINUTE = timedelta(minutes=1)


@dataclass
class Telling:
    """The story while it is told: when, and the accounts opened so far."""

    slots: list[datetime]
    accounts: dict[str, UUID] = field(default_factory=dict)
    keys: int = 0

    def context(self, at: datetime) -> Context:
        """A context whose key is the running number of the command: the story is always told alike."""
        self.keys += 1
        return Context(actor=ACTOR, source=Source.IMPORT, key=f"demo:{self.keys}", effective_at=at)

    def by_two(self, at: datetime) -> Context:
        """The same behind which two people stand, for what takes a second person."""
        return replace(self.context(at), maker=UUID(int=1), checker=UUID(int=2))


def steps(now: datetime) -> int:
    """How many steps `tell` takes."""
    return len(demo.slots(now))


def tell(now: datetime) -> Iterable[datetime]:
    """Tell the whole story up to `now`; yields after each slot."""
    told = Telling(demo.slots(now))
    _found(told, told.slots[0] - timedelta(days=2))
    series = list(demo.prices(SEED, len(told.slots)))
    borrowers = demo.borrowers(SEED)
    before: UUID | None = None
    for number, (slot, row) in enumerate(zip(told.slots, series, strict=True)):
        price_set = _adopt(told, slot, row)
        for borrower in borrowers:
            if borrower.opens == number:
                _borrow(told, slot + _MINUTE, borrower, price_set, series[-1])
        _watch(told, slot + 2 * _MINUTE, price_set, before, borrowers)
        _accrue(told, slot + 3 * _MINUTE)
        before = price_set
        yield slot
    at = min(told.slots[-1] + 4 * _MINUTE, now)
    welcome(lambda: told.context(at), lambda: told.by_two(at), hong_kong_date(at))
    if before is not None:
        revalue(before, seams.now())
    while seals.seal():
        continue


def _found(told: Telling, at: datetime) -> None:
    """The firm before its first client: what it deals in, where it keeps it, what it lends on."""
    for story in demo.STORIES.values():
        market.list_instrument(told.context(at), terms=story.terms)
    keepers = (
        (CustodianKind.BANK, "Demo Bank", ("HKD",)),
        (CustodianKind.DEPOSITORY, "Demo Depository", ("0700", "2800", "1810", "3690", "1024")),
        (CustodianKind.PLATFORM, "Demo Platform", ("BTC", "ETH")),
    )
    for kind, name, assets in keepers:
        licence = Licence(type="demo", number="0000", valid_from=date(2024, 1, 1))
        keeper = custody.register_custodian(
            told.context(at), kind=kind, name=name, licence=licence, assets=assets
        )
        if kind is CustodianKind.BANK:
            custody.fund_house(
                told.context(at), bank=keeper.value, currency="HKD", amount=Decimal("2000000000.00")
            )
    margin.adopt_policy(told.by_two(at), policy=demo.POLICY, effective_from=at, reason="demonstration")


def _adopt(told: Telling, slot: datetime, row: dict[str, Decimal]) -> UUID:
    calendar = prices_known.calendar()
    at = {code: demo.source_time(calendar, story.terms, slot) for code, story in demo.STORIES.items()}
    earlier = told.slots[max(told.slots.index(slot) - 1, 0)]
    ticks = tuple(
        Tick(instrument=code, price=price, currency=demo.STORIES[code].terms.currency, source_time=at[code])
        for code, price in row.items()
        if slot == earlier or at[code] > demo.source_time(calendar, demo.STORIES[code].terms, earlier)
    )
    market.record_observations(told.context(slot), source=demo.SOURCE, ticks=ticks)
    return market.adopt_price_set(told.context(slot), slot=slot, rates=demo.RATES).value


def _borrow(
    told: Telling, at: datetime, borrower: demo.Borrower, price_set: UUID, last: dict[str, Decimal]
) -> None:
    """Open a margin account, pay in, and buy so that the loan will end at the borrower's ratio."""
    kind = ClientType.CORPORATE if borrower.corporate else ClientType.INDIVIDUAL
    client = open_client(told.context(at), reference=borrower.reference, type=kind).value
    ClientLabel.objects.update_or_create(client=client, defaults={"name": borrower.name})
    account = custody.open_account(
        told.context(at), client=client, kind=AccountKind.MARGIN, base_currency="HKD"
    ).value
    margin.open_margin_account(told.context(at), account=account)
    now = queries.prices(price_set, "HKD", at=at).quotes
    bought = {
        asset: lots_down(wish / (now[asset].price * now[asset].fx_rate), demo.STORIES[asset].terms.lot)
        for asset, wish in borrower.wishes.items()
    }
    cost = sum(
        (
            quantity * now[asset].price * now[asset].fx_rate * (1 + demo.POLICY.trade_cost)
            for asset, quantity in bought.items()
        ),
        ZERO,
    )
    final = {code: Quote(price=price, fx_rate=now[code].fx_rate) for code, price in last.items()}
    loan = min(
        borrower.ratio * value(bought, final, demo.POLICY).lending_value,
        Decimal("0.97") * value(bought, now, demo.POLICY).lending_value,
    )
    limit = half_up(loan * Decimal("1.6"), -5) + 100_000
    margin.set_limit(told.by_two(at), account=account, limit=limit, reason="demonstration")
    margin.deposit(told.context(at), account=account, asset="HKD", amount=half_up(cost - loan, 2))
    for asset, quantity in bought.items():
        margin.purchase(
            told.context(at), account=account, asset=asset, quantity=quantity, price_set=price_set
        )
    told.accounts[borrower.reference] = account


def _accrue(told: Telling, at: datetime) -> None:
    """Yesterday's interest, once a day."""
    with suppress(NothingToDo):
        margin.accrue_interest(
            told.context(at),
            accounts=list(told.accounts.values()),
            day=hong_kong_date(at) - timedelta(days=1),
        )


def _watch(
    told: Telling, at: datetime, price_set: UUID, calm: UUID | None, borrowers: list[demo.Borrower]
) -> None:
    """Judge everybody, expire what is overdue, and let the obliging pay what they were asked for."""
    accounts = list(told.accounts.values())
    with suppress(NothingToDo):
        margin.assess(told.context(at), accounts=accounts, price_set=price_set, calm_set=calm)
    with suppress(NothingToDo):
        margin.expire_calls(told.context(at), accounts=accounts, price_set=price_set)
    obliging = {
        told.accounts[each.reference] for each in borrowers if each.cures and each.reference in told.accounts
    }
    for call in Call.objects.filter(is_open=True, account__in=obliging).order_by("issued_at", "id"):
        margin.deposit(
            told.context(at + _MINUTE),
            account=call.account_id,
            asset="HKD",
            amount=half_up(call.amount * Decimal("1.25"), 2),
        )
