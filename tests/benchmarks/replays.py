"""P8: the balances and read models of a whole book built again and compared, and the book verified."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from brokerage.ledger import integrity, rebuild

from . import book
from .measure import Contestant, Times, interleaved, measured, timed
from .place import Place

BATCH = 1000


def replayed(place: Place, events: int, rounds: int) -> dict[str, Times]:
    """A book of so many transfers: rates of balances (postings), of replay and of verification (events)."""
    place.use(f"replay_{events}")
    clients = book.funded(BATCH)
    pairs = [(clients[i], clients[(i + 1) % BATCH]) for i in range(BATCH)]
    for _ in range(events // BATCH):
        book.pay(book.context(), pairs=pairs, amount=book.AMOUNT)
    place.enter(f"replay_{events}", role="praya_owner")
    balances: list[tuple[float, float]] = []

    def replay() -> None:
        with _stopwatch(rebuild, "_fill_balances", balances):
            assert rebuild.rebuild(check=True).identical

    def verify() -> None:
        assert not integrity.verify()

    contestants = [
        Contestant("replay", lambda: timed(replay)),
        Contestant("verify", lambda: timed(verify)),
    ]
    found = interleaved(contestants, units=events, rounds=rounds)
    return {
        "balances": Times("balances", 2 * events, *zip(*balances, strict=True)),
        **found,
    }


@contextmanager
def _stopwatch(module: Any, name: str, found: list[tuple[float, float]]) -> Iterator[None]:
    """Time one step of a public call from inside it."""
    step: Callable[..., Any] = getattr(module, name)

    def watched(*arguments: Any) -> None:
        found.append(measured(lambda: timed(lambda: step(*arguments))))

    setattr(module, name, watched)
    try:
        yield
    finally:
        setattr(module, name, step)
