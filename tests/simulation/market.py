"""The price source: two vendors who are mostly right, and now and then late, silent, wild or at odds."""

from decimal import Decimal
from uuid import UUID

from brokerage.market.commands import adopt_price_set, record_observations
from brokerage.market.models import PriceSet, PriceSetLine
from brokerage.market.rules.prices import Tick
from tests.margin.firm import BASE as WORKED
from tests.margin.firm import RATES, USD

from .callers import Callers
from .world import World

BASE = {asset: WORKED[asset] for asset in ("0700", "2800", "BTC", "ETH")}

VENDORS = ("one", "two")
MOODS = {
    "calm": 8,
    "falling": 4,
    "crash": 2,
    "rising": 3,
    "missing": 1,
    "stale": 1,
    "at odds": 1,
    "lone": 1,
    "wild": 1,
    "absurd": 1,
}
MOVES = {"falling": (70, 99), "crash": (45, 80), "rising": (101, 130)}
ABSURD = ("0", "-1", "NaN", "Infinity", "1e13")


class Market:
    """What assets are worth in truth, and what the vendors say about it."""

    def __init__(self, world: World, callers: Callers) -> None:
        self.world = world
        self.callers = callers
        self.truth = {asset: Decimal(price) for asset, price in BASE.items()}

    def publish(self, mood: str | None = None) -> None:
        """Prices move, vendors report them in some mood, and a set is adopted."""
        random = self.world.random
        mood = mood or random.choices(list(MOODS), list(MOODS.values()))[0]
        self.world.note(f"prices: {mood}")
        self.world.wait(seconds=1)
        self._move(mood)
        for number, vendor in enumerate(VENDORS):
            says = self._says(mood, number)
            if says:
                self.callers.do(record_observations, source=vendor, ticks=self._ticks(says))
        if mood == "absurd":
            self._absurd()
        self.callers.do(adopt_price_set, slot=self.world.now, rates=RATES)

    def _move(self, mood: str) -> None:
        low, high = MOVES.get(mood, (100, 100) if mood == "quiet" else (98, 102))
        random = self.world.random
        for asset in self.truth if mood != "crash" else random.sample(sorted(self.truth), 2):
            moved = self.truth[asset] * random.randint(low, high) / 100
            floor = Decimal(BASE[asset]) / 8
            self.truth[asset] = max(floor, min(Decimal(BASE[asset]) * 2, moved)).quantize(Decimal("0.01"))

    def _says(self, mood: str, vendor: int) -> dict[str, Decimal]:
        """What a vendor says; an empty answer is silence."""
        says = dict(self.truth)
        if mood == "stale" or (mood in ("lone", "wild") and vendor == 1):
            return {}
        if mood == "missing":
            del says[self.world.random.choice(sorted(says))]
        if (mood == "at odds" and vendor == 1) or mood == "wild":
            asset = self.world.random.choice(sorted(says))
            says[asset] = (says[asset] * self.world.random.choice((3, 16)) / 10).quantize(Decimal("0.01"))
        return says

    def _ticks(self, says: dict[str, Decimal]) -> tuple[Tick, ...]:
        return tuple(
            Tick(
                instrument=asset,
                price=price,
                currency="USD" if asset in USD else "HKD",
                source_time=self.world.now,
            )
            for asset, price in says.items()
        )

    def _absurd(self) -> None:
        """A price that no vendor may name is refused, whole command and all."""
        self.world.wait(seconds=1)
        bad = self.truth | {"BTC": Decimal(self.world.random.choice(ABSURD))}
        self.callers.must_refuse(record_observations, source="one", ticks=self._ticks(bad))


def adopted() -> dict[UUID, dict[str, Decimal]]:
    """The prices of every set, as they were adopted."""
    found: dict[UUID, dict[str, Decimal]] = {row.id: {} for row in PriceSet.objects.all()}
    for line in PriceSetLine.objects.select_related("instrument"):
        found[line.price_set_id][line.instrument.code] = line.price
    return found
