"""P9: a client's balance now, and as of a past day with daily snapshots."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg

from brokerage.ledger import queries, snapshots

from . import book
from .measure import Contestant, Times, interleaved, timed
from .peers import Peer
from .place import Place

ACCOUNTS = 20
DAYS = 100
FIRST = datetime(2026, 1, 1, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Readers:
    """A book of a hundred days for Praya and the same for hordak."""

    clients: Sequence[UUID]
    hordak: Peer

    def now(self, number: int, rounds: int) -> dict[str, Times]:
        """Current balances of random accounts."""
        return self._compared(
            lambda: [queries.balance(book.cash(client)) for client in random.choices(self.clients, k=number)],
            lambda: self.hordak.ask("balances", number=number),
            number,
            rounds,
        )

    def as_of(self, number: int, rounds: int) -> dict[str, Times]:
        """Balances of random accounts at the end of random days."""
        return self._compared(
            lambda: [
                queries.balance(
                    book.cash(client), as_of=FIRST + timedelta(days=random.randrange(DAYS), hours=9)
                )
                for client in random.choices(self.clients, k=number)
            ],
            lambda: self.hordak.ask("balances_as_of", number=number, days=DAYS),
            number,
            rounds,
        )

    def _compared(
        self, praya: Callable[[], object], hordak: Callable[[], float], number: int, rounds: int
    ) -> dict[str, Times]:
        contestants = [Contestant("Praya", lambda: timed(praya)), Contestant("django-hordak", hordak)]
        return interleaved(contestants, units=number, rounds=rounds)


def filled(place: Place, hordak: Peer, each_day: int) -> Readers:
    """So many random transfers a day between 20 accounts on 100 days, with Praya's snapshot every evening."""
    database = f"reads_{each_day}"
    place.use(database)
    clients = [*book.funded(ACCOUNTS)]
    for day in range(DAYS):
        pairs = [tuple(random.sample(clients, 2)) for _ in range(each_day)]
        book.pay(book.context(FIRST + timedelta(days=day)), pairs=pairs, amount=book.AMOUNT)
        snapshots.take()
    with psycopg.connect(place.url(database), autocommit=True) as connection:
        connection.execute("ANALYZE")
    hordak.ask("open_accounts", number=ACCOUNTS)
    hordak.ask("load_days", days=DAYS, each=each_day)
    return Readers(clients, hordak)
