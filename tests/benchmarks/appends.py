"""P1 to P3, and their part of P12: events in batches, transfers in batches, one command a commit."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from . import book
from .floors import Floor, SqlLedger
from .measure import Contestant, Times, interleaved, timed
from .peers import Peer
from .place import Place

ACCOUNTS = 1000
STREAMS = 100


@dataclass(frozen=True, slots=True)
class Field:
    """Everybody who appends, each on a database of its own."""

    clients: Sequence[UUID]
    floor: Floor
    sql: SqlLedger
    hordak: Peer
    eventsourcing: Peer

    def events(self, each: int, rounds: int, *, alone: bool = False) -> dict[str, Times]:
        """`each` events on each of 100 streams, one commit; by all, or by Praya `alone`."""
        streams = [uuid4() for _ in range(STREAMS)]
        contestants = [
            Contestant("Praya", lambda: timed(lambda: book.note(book.context(), streams=streams, each=each))),
            Contestant("floor: INSERT from arrays", lambda: self.floor.events(STREAMS, each)),
            Contestant("eventsourcing", lambda: self.eventsourcing.ask("append", streams=STREAMS, each=each)),
        ]
        return interleaved(_chosen(contestants, alone), units=STREAMS * each, rounds=rounds)

    def batches(self, number: int, rounds: int, *, alone: bool = False) -> dict[str, Times]:
        """So many transfers between 1,000 accounts, one commit; by all, or by Praya `alone`."""
        contestants = [
            Contestant("Praya", lambda: self._praya(number, commits=1)),
            Contestant("django-hordak, bulk", lambda: self.hordak.ask("bulk", number=number)),
            Contestant("pgledger's shape", lambda: self.sql.transfers(number)),
            Contestant("floor: INSERT from arrays", lambda: self.floor.transfers(number)),
        ]
        return interleaved(_chosen(contestants, alone), units=number, rounds=rounds)

    def singles(self, commits: int, rounds: int) -> dict[str, Times]:
        """So many transfers, each in a command and a commit of its own."""
        contestants = [
            Contestant("Praya", lambda: self._praya(1, commits=commits)),
            Contestant("django-hordak", lambda: self.hordak.ask("singles", number=commits)),
            Contestant("pgledger's shape", lambda: self.sql.transfers(1, commits=commits)),
            Contestant("floor: INSERT from arrays", lambda: self.floor.transfers(1, commits=commits)),
            Contestant(
                "eventsourcing",
                lambda: self.eventsourcing.ask("append", streams=1, each=1, commits=commits),
            ),
        ]
        return interleaved(contestants, units=commits, rounds=rounds)

    def _praya(self, number: int, *, commits: int) -> float:
        batches = [[tuple(random.sample(self.clients, 2)) for _ in range(number)] for _ in range(commits)]
        return timed(lambda: [book.pay(book.context(), pairs=pairs, amount=book.AMOUNT) for pairs in batches])


def assembled(place: Place, hordak: Peer, eventsourcing: Peer) -> Field:
    """The field, with 1,000 funded accounts for each who keeps any."""
    place.use("appends")
    hordak.ask("open_accounts", number=ACCOUNTS)
    return Field(
        book.funded(ACCOUNTS),
        Floor(place.create("floor"), ACCOUNTS),
        SqlLedger(place.create("sql_ledger"), ACCOUNTS),
        hordak,
        eventsourcing,
    )


def _chosen(contestants: Sequence[Contestant], alone: bool) -> Sequence[Contestant]:
    return contestants[:1] if alone else contestants
