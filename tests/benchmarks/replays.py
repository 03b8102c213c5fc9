"""P8: the balances and read models of a whole book built again and compared, and the book verified."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from brokerage.ledger import integrity, rebuild

from . import book
from .measure import Times
from .place import Place

BATCH = 1000


def measured(place: Place, events: int, rounds: int) -> dict[str, Times]:
    """A book of so many transfers: rates of balances (postings), of replay and of verification (events)."""
    place.use(f"replay_{events}")
    clients = book.funded(BATCH)
    pairs = [(clients[i], clients[(i + 1) % BATCH]) for i in range(BATCH)]
    for _ in range(events // BATCH):
        book.pay(book.context(), pairs=pairs, amount=book.AMOUNT)
    place.enter(f"replay_{events}", role="praya_owner")
    balances: list[float] = []
    replays: list[float] = []
    verified: list[float] = []
    for _ in range(rounds):
        with _stopwatch(rebuild, "_fill_balances", balances):
            start = time.perf_counter()
            assert rebuild.rebuild(check=True).identical
            replays.append(time.perf_counter() - start)
        start = time.perf_counter()
        assert not integrity.verify()
        verified.append(time.perf_counter() - start)
    return {
        "balances": Times("Praya", 2 * events, tuple(balances)),
        "replay": Times("Praya", events, tuple(replays)),
        "verify": Times("Praya", events, tuple(verified)),
    }


@contextmanager
def _stopwatch(module: Any, name: str, seconds: list[float]) -> Iterator[None]:
    """Time one step of a public call from inside it."""
    step: Callable[..., Any] = getattr(module, name)

    def timed(*arguments: Any) -> Any:
        start = time.perf_counter()
        result = step(*arguments)
        seconds.append(time.perf_counter() - start)
        return result

    setattr(module, name, timed)
    try:
        yield
    finally:
        setattr(module, name, step)
