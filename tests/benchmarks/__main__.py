"""`make bench`: the speed aims, measured against floors and peers.

    python -m tests.benchmarks [--scale 1] [--rounds 5] [--only P1,P3] [--page docs/benchmarks.md]

`--scale` multiplies the sizes of the books that P5, P6, P8, P9 and P11 work on; at 1 they are as the aims
name them.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from brokerage.config import folder

from .peers import Peer, environment
from .place import ROOT, Place, prepared
from .report import Page, Size

ACCOUNTS = 100_000
"""Named by P5 (with ten positions each), P6 (60 % of them hold the asset) and P11."""
EVENTS = 1_000_000
"""Named by P8, and so many postings."""
CALLS = 1000
"""Named by P6."""


class Bench:
    """One run: where, how large and how often, and the page it fills."""

    def __init__(self, place: Place, page: Page, python: Path, *, scale: float, rounds: int) -> None:
        self.place, self.page, self.scale, self.rounds = place, page, scale, rounds
        self._python = python
        self._peers: dict[str, Peer] = {}

    def peer(self, name: str) -> Peer:
        """A peer's process, started when it is first needed."""
        if name not in self._peers:
            self._peers[name] = Peer(self._python, f"peer_{name}.py", self.place.create(name))
        return self._peers[name]

    def sized(self, full: int, *, least: int = 1) -> int:
        """A size that grows with the scale."""
        return max(least, int(full * self.scale))

    def appends(self) -> None:
        """P1, P2, P3 and the batches of P12."""
        from . import appends

        field = appends.assembled(self.place, self.peer("hordak"), self.peer("eventsourcing"))
        events = {
            size: field.events(size // appends.STREAMS, self.rounds, alone=size != 1000)
            for size in (100, 1000, 10_000)
        }
        self.page.ratio("P1", "1,000 events a commit", events[1000], "floor: INSERT from arrays", 0.8)
        self.page.ratio("P1", "1,000 events a commit", events[1000], "eventsourcing", 1.5)
        batches = {size: field.batches(size, self.rounds, alone=size != 1000) for size in (100, 1000, 10_000)}
        self.page.ratio("P2", "1,000 transfers a commit", batches[1000], "django-hordak, bulk", 7)
        self.page.ratio("P2", "1,000 transfers a commit", batches[1000], "pgledger's shape", 5)
        self.page.ratio("P2", "1,000 transfers a commit", batches[1000], "floor: INSERT from arrays", None)
        singles = field.singles(100, self.rounds)
        self.page.ratio("P3", "one transfer a commit", singles, "django-hordak", 3)
        for other in ("pgledger's shape", "eventsourcing", "floor: INSERT from arrays"):
            self.page.ratio("P3", "one transfer a commit", singles, other, None)
        for work, found in (("events", events), ("transfers", batches)):
            self.page.growth(f"{work}: 100 to 1,000 a commit", found[100]["Praya"], found[1000]["Praya"])
            self.page.growth(
                f"{work}: 1,000 to 10,000 a commit", found[1000]["Praya"], found[10_000]["Praya"]
            )

    def roundtrips(self) -> None:
        """P3 over REST; the peers have no such edge, so `--only P3R` runs it without them."""
        from . import roundtrips

        found = roundtrips.opened(self.place).measured(100, self.rounds)
        self.page.cost("P3", "one deposit a commit, over REST", found, roundtrips.BARE, 3)

    def writers(self) -> None:
        """P4."""
        from . import writers

        found = writers.measured(self.place, 100, self.rounds)
        self.page.ratio("P4", "8 writers on their own streams", found, "floor: the same without locks", 0.9)

    def replays(self) -> None:
        """P8 and its part of P12."""
        from . import replays

        size = self.sized(EVENTS, least=10_000)
        book = Size(size, EVENTS, "events")
        postings = Size(2 * size, EVENTS, "postings")
        small = replays.replayed(self.place, size // 10, 2)
        large = replays.replayed(self.place, size, 2)
        self.page.at_least("P8", "balances", large["balances"], 1e6, " postings/s", postings)
        self.page.at_least("P8", "replay, compared", large["replay"], 20_000, " events/s", book)
        self.page.at_least("P8", "verification", large["verify"], 20_000, " events/s", book)
        for work in ("replay", "verify"):
            self.page.growth(f"{work}: {size // 10:,} to {size:,} events", small[work], large[work], book)

    def reads(self) -> None:
        """P9 and its part of P12."""
        from . import reads

        found = {}
        a_day = self.sized(1000, least=100)
        for each_day in (a_day // 10, a_day):
            readers = reads.filled(self.place, self.peer("hordak"), each_day)
            found[each_day] = readers.now(200, self.rounds), readers.as_of(200, self.rounds)
        work = f"with {a_day * reads.DAYS * 2 // reads.ACCOUNTS:,} postings an account"
        self.page.ratio("P9", f"balance now, {work}", found[a_day][0], "django-hordak", 40)
        self.page.ratio("P9", f"balance as of a day, {work}", found[a_day][1], "django-hordak", 100)
        for index, name in enumerate(("balance now", "balance as of a day")):
            small, large = found[a_day // 10][index]["Praya"], found[a_day][index]["Praya"]
            self.page.growth(f"{name}: 10 x the postings", small, large)

    def margins(self) -> None:
        """P5, P6, P11 and their part of P12."""
        from . import margins

        accounts, assets = self.sized(ACCOUNTS, least=1000), self.sized(200, least=50)
        edge = min(CALLS, accounts // 10)
        rounds = min(self.rounds, 2)
        small = margins.furnished(self.place, accounts // 10, assets, edge // 10)
        small_values, small_interest = small.revaluation(self.rounds), small.interest(rounds)
        small.calls()
        house = margins.furnished(self.place, accounts, assets, edge)
        size = Size(accounts, ACCOUNTS, "accounts")
        holders = Size(6 * accounts // 10, 6 * ACCOUNTS // 10, "holders")
        found = house.revaluation(self.rounds)
        self.page.cost("P5", "a book revalued", found, "floor: one bare statement", 1.25, size)
        self.page.within("P6", "a tick: whom it breaches", house.tick(self.rounds), 1, 0.1, holders)
        interest = house.interest(rounds)
        self.page.cost("P11", "a day's interest", interest, "floor: INSERT from arrays", 2, size)
        durable = Size(edge, CALLS, "calls")
        self.page.within("P6", "durable calls", house.calls(), edge, 2, durable)
        for name, tenth, whole in (
            ("revaluation", small_values, found),
            ("interest", small_interest, interest),
        ):
            growth = f"{name}: {accounts // 10:,} to {accounts:,} accounts"
            self.page.growth(growth, tenth["Praya"], whole["Praya"], size)

    def close(self) -> None:
        """End the peers."""
        for peer in self._peers.values():
            peer.close()


BENCHES: dict[str, Callable[[Bench], None]] = {
    "P1,P2,P3": Bench.appends,
    "P3R": Bench.roundtrips,
    "P4": Bench.writers,
    "P8": Bench.replays,
    "P9": Bench.reads,
    "P5,P6,P11": Bench.margins,
}
PEERS = ("eventsourcing 9.5.6 (default mode)", "django-hordak 2.0.0", "pgledger's published shape, rewritten")


def main() -> None:
    """Run what was asked for, print it and write the page."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="aims such as P1,P4; all by default")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks.md")
    asked = parser.parse_args()
    python = environment(folder.data_dir() / "benchmark-peers")
    page = Page()
    with prepared() as place:
        bench = Bench(place, page, python, scale=asked.scale, rounds=asked.rounds)
        try:
            for numbers, run in BENCHES.items():
                if not asked.only or set(asked.only.split(",")) & set(numbers.split(",")):
                    run(bench)
        finally:
            bench.close()
        notes = (Path(__file__).parent / "limits.md").read_text()
        page.write(
            asked.page, server=place.version, scale=asked.scale, rounds=asked.rounds, peers=PEERS, notes=notes
        )
    print(f"Written to {asked.page}.")


if __name__ == "__main__":
    main()
