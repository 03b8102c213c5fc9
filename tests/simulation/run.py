"""One seed from its first step to the quiet at the end."""

from contextlib import nullcontext
from copy import deepcopy

from django.db.models import Q

from brokerage.jobs import commands as jobs
from brokerage.jobs import outbox
from brokerage.jobs.models import JobRun, Outbox, Parked, RunShard
from brokerage.jobs.schedule import QUEUES
from margin.models import Call, Sale

from .callers import Callers
from .checks import Checks
from .cycle import Cycle
from .market import Market
from .opening import Opening
from .people import People
from .venue import Venue
from .watch import Watch
from .world import Broken, World

STEPS = 20
QUIET_TICKS = 12
PACES = ((5, 6), (30, 6), (65, 8), (400, 2), (4_000, 2), (30_000, 2))
"""Seconds between two steps, and how often so many."""
KINDS = {
    "publish": 5,
    "act": 8,
    "work": 9,
    "approve": 2,
    "fill": 1,
    "ask": 3,
    "retry": 2,
    "feed": 1,
    "haircut": 1,
}
SLOW_VENUE, AUTOMATIC = 0.5, 0.3
"""How often a seed sells through the slow venue instead of the paper one, and without approval."""
SETTLED = ("sent", "parked")


class Simulation:
    """A seed's world with everybody in it."""

    def __init__(self, seed: int, opening: Opening) -> None:
        self.world = World(seed, opening.now)
        self.model = deepcopy(opening.model)
        self.callers = Callers(self.world)
        self.market = Market(self.world, self.callers)
        self.people = People(self.world, self.callers, self.model)
        self.cycle = Cycle(self.world)
        self.venue = Venue(self.world, self.callers)
        self.watch = Watch()
        self.checks = Checks(self.world, self.model, self.watch)

    def run(self) -> str:
        """Take all steps, then let the faults end; the state hash. Raises Broken."""
        listening = self.venue.listening() if self.world.chance(SLOW_VENUE) else nullcontext()
        with self.world.rules(), listening:
            if self.world.chance(AUTOMATIC):
                self.people.let_jobs_sell()
            for number in range(STEPS):
                self._step(number)
                self.checks.cheap()
            self._quiet()
            return self.checks.costly()

    def _step(self, number: int) -> None:
        paces, weights = zip(*PACES, strict=True)
        self.world.wait(seconds=self.world.random.choices(paces, weights)[0])
        kind = self.world.random.choices(list(KINDS), list(KINDS.values()))[0]
        if not number:
            self.market.publish(self.world.random.choice(("crash", "falling", "calm")))
        {
            "publish": self.market.publish,
            "act": self.people.act,
            "work": self.cycle.pass_,
            "approve": self.people.approve,
            "fill": self.venue.fill,
            "ask": self._ask_during_a_call,
            "retry": self.callers.retry,
            "feed": self.checks.feed,
            "haircut": self.people.no_lower_haircut,
        }[kind]()

    def _ask_during_a_call(self) -> None:
        """With fresh prices, so that nothing but the call stands in the way."""
        if Call.objects.filter(is_open=True).exists():
            self.market.publish("quiet")
            self.people.ask_during_a_call()

    def _quiet(self) -> None:
        """Faults end: within so many ticks everything is done; and again once all deadlines have passed."""
        self.callers.calm = True
        self.world.note("faults end")
        self.callers.retry()
        self._settle()
        if Call.objects.filter(is_open=True).exists():
            self.world.wait(days=2)
            self._settle()

    def _settle(self) -> None:
        for _ in range(QUIET_TICKS):
            self.world.wait(minutes=20)
            self.market.publish("quiet")
            self.world.wait(seconds=65)
            jobs.tick()
            jobs.sweep()
            for queue in QUEUES:
                jobs.drain(queue, "last")
            self.people.approve()
            outbox.relay()
            self.venue.fill()
            self.checks.cheap()
            if not self._unfinished():
                return
        raise Broken(f"not done after {QUIET_TICKS} quiet ticks: {self._unfinished()}")

    def _unfinished(self) -> dict[str, list[str]]:
        now = self.world.now
        va_over = Q(va_due_at__lt=now, va_left__gt=0)
        all_over = Q(securities_due_at__lt=now) & (Q(va_due_at__lt=now) | Q(va_due_at=None))
        overdue = Call.objects.filter(va_over | all_over, is_open=True, expired="nothing", met_since=None)
        found = {
            "runs": JobRun.objects.filter(state__in=("due", "running")),
            "shards": RunShard.objects.filter(state__in=("due", "running")),
            "messages": Outbox.objects.exclude(state__in=SETTLED),
            "parked": Parked.objects.filter(state="open"),
            "sales": Sale.objects.exclude(state="closed"),
            "overdue": overdue,
        }
        return {name: [repr(row) for row in rows] for name, rows in found.items() if rows}
