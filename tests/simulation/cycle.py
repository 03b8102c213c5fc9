"""The cycle under bad delivery: hints get lost, doubled and out of order; workers die or fall asleep."""

from typing import Any

from brokerage.jobs import commands as jobs
from brokerage.jobs import outbox, queries
from brokerage.jobs.commands import work
from brokerage.jobs.models import RunShard
from brokerage.jobs.schedule import QUEUES
from brokerage.ledger import seals

from .world import COMMIT_POINTS, JOB_POINTS, Broken, Killed, World

LOST, DOUBLED, DIES, SLEEPS = 0.15, 0.15, 0.25, 0.15
BEAT = ["tick", "sweep", "relay", "seal"]
MOST = 6
"""Hints that may arrive between two acts."""
BUDGET = 5
"""Steps of work a hint is good for."""
NAPS = ("jobs.after-claim", "jobs.before-shard-commit")
LEASE_S = 61


class Cycle:
    """Beat, broker and workers; the broker is a list of hints."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hints: list[str] = []
        self._workers = 0
        self._left: list[dict[str, Any]] = []

    def pass_(self) -> None:
        """The beat fires once, twice or not at all, and some of the hints arrive."""
        times = self.world.random.choice((0, 1, 1, 1, 2))
        self.world.note(f"the beat fires {times} times")
        self.hints += BEAT * times
        for _ in range(self.world.random.randint(1, MOST)):
            if self.hints:
                self._deliver()

    def _deliver(self) -> None:
        """Some hint arrives, in whatever order; it may be lost, or come again."""
        hint = self.hints.pop(self.world.random.randrange(len(self.hints)))
        if self.world.chance(LOST):
            self.world.note(f"{hint} is lost")
            return
        if self.world.chance(DOUBLED):
            self.hints.append(hint)
        self.world.note(hint)
        self._arm()
        try:
            self.handle(hint)
        except Killed:
            self.hints += [hint] * self.world.chance(0.5)
        finally:
            self.world.nothing_happens()
            self._left = []

    def handle(self, hint: str) -> None:
        """What the task of that name does."""
        task, _, queue = hint.partition(" ")
        if task == "drain":
            self._drain(queue)
        elif task == "tick":
            jobs.tick()
            self._call_for_workers()
        elif task == "relay":
            outbox.relay()
        elif task == "sweep":
            jobs.sweep()
        else:
            seals.seal()

    def _call_for_workers(self) -> None:
        for queue in QUEUES:
            if queries.waiting(queue, self.world.now):
                self.hints.append(f"drain {queue}")

    def _drain(self, queue: str) -> None:
        self._workers += 1
        owner = f"worker {self._workers}"
        for _ in range(BUDGET):
            fresh = jobs.work_once(queue, owner)
            self._check_sleeper()
            if fresh is None:
                return
        self.hints.append(f"drain {queue}")

    def _arm(self) -> None:
        """Decide whether this worker dies, or sleeps while another takes over what it holds."""
        if self.world.chance(DIES):
            self.world.dies_at(self.world.random.choice(JOB_POINTS + COMMIT_POINTS))
        elif self.world.chance(SLEEPS):
            self.world.sleeps_at(self.world.random.choice(NAPS), self._take_over)

    def _take_over(self) -> None:
        """The worker's lease ends while it sleeps; a sweeper and another worker do not wait."""
        self.world.note("   the worker sleeps beyond its lease")
        self.world.wait(seconds=LEASE_S)
        held = list(RunShard.objects.filter(state="running").values_list("id", flat=True))
        jobs.sweep()
        for queue in QUEUES:
            shard = work.claim_shard(queue, "successor")
            if shard is not None and self.world.chance(0.5):
                work.do_shard(shard)
        self._left = list(RunShard.objects.filter(id__in=held).order_by("id").values())

    def _check_sleeper(self) -> None:
        """What was taken from a sleeping worker is not touched by it when it wakes."""
        left, self._left = self._left, []
        now = list(RunShard.objects.filter(id__in=[row["id"] for row in left]).order_by("id").values())
        if left != now:
            raise Broken(f"a worker wrote to a shard it no longer held: {left} became {now}")
