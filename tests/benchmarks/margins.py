"""P5, P6 and P11: the whole book revalued, a price tick turned into calls, a day's interest for everybody."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import psycopg

from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from margin import commands
from margin.revaluation import breached_by, revalue
from margin.rules.valuation import Quote

from .book import context
from .floors import Floor
from .lenders import FALL, KEPT, NOW, WIDELY_HELD, Lenders, list_and_price, written
from .measure import Contestant, Times, interleaved, measured, timed
from .place import Place

SHARD = 50
INTEREST_SHARD = 100
FLOOR = """
CREATE SCHEMA floor;
CREATE TABLE floor.position AS
    SELECT owner AS account, asset, amount FROM ledger_balance WHERE role = 'collateral';
ALTER TABLE floor.position ADD PRIMARY KEY (account, asset);
CREATE TABLE floor.account AS
    SELECT a.id, a.credit_limit, -b.amount AS loan
    FROM margin_account a JOIN ledger_balance b ON b.owner = a.id AND b.role = 'loan';
ALTER TABLE floor.account ADD PRIMARY KEY (id);
CREATE TABLE floor.price (asset text PRIMARY KEY, unit numeric NOT NULL, kept numeric NOT NULL);
CREATE TABLE floor.value (
    account uuid PRIMARY KEY, health text NOT NULL, loan numeric(38, 18) NOT NULL,
    credit_limit numeric(38, 18) NOT NULL, market_value numeric(38, 18) NOT NULL,
    lending_value numeric(38, 18) NOT NULL, capital_value numeric(38, 18) NOT NULL,
    call_amount numeric(38, 18) NOT NULL, shortfall numeric(38, 18) NOT NULL, valued_at timestamptz NOT NULL
);
CREATE INDEX ON floor.value (health);
"""
REVALUE = """
INSERT INTO floor.value AS v
SELECT id, CASE WHEN loan > lv OR loan > credit_limit THEN 'call' WHEN loan > 0.9 * lv THEN 'warning'
        ELSE 'normal' END,
    ceil(loan * 100) / 100, credit_limit, floor(mv * 100) / 100, floor(lv * 100) / 100, floor(lv * 100) / 100,
    ceil(greatest(0, loan - 0.9 * lv, loan - credit_limit) * 100) / 100,
    ceil(greatest(0, loan - least(lv, credit_limit)) * 100) / 100, now()
FROM floor.account JOIN (
    SELECT p.account, sum(p.amount * t.unit) AS mv, sum(p.amount * t.unit * t.kept) AS lv
    FROM floor.position p JOIN floor.price t USING (asset) GROUP BY p.account
) held ON held.account = id
ON CONFLICT (account) DO UPDATE SET health = excluded.health, loan = excluded.loan,
    credit_limit = excluded.credit_limit, market_value = excluded.market_value,
    lending_value = excluded.lending_value, capital_value = excluded.capital_value,
    call_amount = excluded.call_amount, shortfall = excluded.shortfall, valued_at = excluded.valued_at
"""


@dataclass(frozen=True, slots=True)
class House:
    """A lending firm, and the same book as bare tables beside it."""

    book: Lenders
    bare: psycopg.Connection[tuple[object, ...]]
    floor: Floor

    def revaluation(self, rounds: int) -> dict[str, Times]:
        """Every account valued and stored."""
        contestants = [
            Contestant("Praya", lambda: timed(lambda: revalue(self.book.price_set, NOW))),
            Contestant("floor: one bare statement", lambda: timed(self._bare_revaluation)),
        ]
        return interleaved(contestants, units=len(self.book.accounts), rounds=rounds)

    def tick(self, rounds: int) -> Times:
        """From one fallen price to the list of accounts it breaches."""
        fallen = {WIDELY_HELD: Quote(price=self.book.prices[WIDELY_HELD] * FALL)}

        def find() -> None:
            assert len(breached_by(fallen, self.book.price_set, NOW)) == self.book.edge

        runs = [Contestant("Praya", lambda: timed(find))]
        return interleaved(runs, units=1, rounds=rounds)["Praya"]

    def calls(self) -> Times:
        """From that list to as many durable calls, at an adopted price set."""
        later = NOW + timedelta(minutes=1)
        price_set = seams.new_id()
        list_and_price(context(later), prices=self.book.fallen(), price_set=price_set)

        def call() -> None:
            for shard in _shards(self.book.accounts[: self.book.edge], SHARD):
                receipt = commands.assess(
                    context(later), accounts=shard, price_set=price_set, calm_set=self.book.price_set
                )
                assert len(receipt.value) == len(shard)

        seconds, cpu = measured(lambda: timed(call))
        return Times("Praya", self.book.edge, (seconds,), (cpu,))

    def interest(self, rounds: int) -> dict[str, Times]:
        """A day's interest of every account, as the job takes it; each round is the next day."""
        days = iter(NOW.date() + timedelta(days=number) for number in range(rounds + 2))

        def accrue() -> float:
            day = next(days)
            return timed(lambda: self._accrue(day))

        shards = len(self.book.accounts) // INTEREST_SHARD
        contestants = [
            Contestant("Praya", accrue),
            Contestant(
                "floor: INSERT from arrays", lambda: self.floor.transfers(INTEREST_SHARD, commits=shards)
            ),
        ]
        found = interleaved(contestants, units=len(self.book.accounts), rounds=rounds)
        with suppress(NothingToDo):
            self._accrue(NOW.date())
            raise AssertionError("a second run of a day accrued interest again")
        return found

    def _accrue(self, day: date) -> None:
        at = datetime.combine(day, NOW.timetz()) + timedelta(days=1)
        for shard in _shards(self.book.accounts, INTEREST_SHARD):
            commands.accrue_interest(context(at), accounts=shard, day=day)

    def _bare_revaluation(self) -> None:
        self.bare.execute(REVALUE)
        self.bare.commit()


def furnished(place: Place, accounts: int, assets: int, edge: int) -> House:
    """The book in the product and as bare tables of the same database."""
    database = f"margins_{accounts}"
    place.use(database)
    book = written(accounts, assets, edge)
    bare = psycopg.connect(place.url(database))
    bare.execute(FLOOR)
    with bare.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO floor.price VALUES (%s, %s, %s)",
            [(code, unit, KEPT) for code, unit in book.prices.items()],
        )
    bare.commit()
    bare.autocommit = True
    bare.execute("VACUUM ANALYZE")
    bare.autocommit = False
    return House(book, bare, Floor(place.create(f"floor_{accounts}"), 1000))


def _shards(accounts: Sequence[UUID], size: int) -> Iterable[Sequence[UUID]]:
    return (accounts[start : start + size] for start in range(0, len(accounts), size))
