"""How a job is declared, beside its tasks: when it is due, what it covers and the work itself.

    @job("margin.revalue", slots=every(MINUTE), policy=LATEST_ONLY, queue="reval", plan=open_accounts)
    def revalue(run: Run, items: Sequence[UUID]) -> None: ...

`plan(run)` lists the item ids of a slot once; the list is then fixed and cut into shards. The work of
a shard runs outside any transaction and may be repeated, so the commands in it take `run.context(...)`,
whose key is the same at each repetition.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from brokerage.ledger.entry import Context, Source

from .rules import Policy, Slots

MONEY, REVAL, NOTIFY, REPORTS = QUEUES = ("money", "reval", "notify", "reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One slot of a job, for its plan and work. `late`: it starts long after the slot.

    What is judged on prices is judged at the present ones, whatever the slot: see margin's tasks.
    """

    id: UUID
    job: str
    slot: datetime
    late: bool

    def context(self, item: UUID | str, *, effective_at: datetime | None = None) -> Context:
        """The context of a command about `item`: keyed by job, slot and item, effective at the slot."""
        return Context(
            actor=f"job:{self.job}",
            source=Source.JOB,
            key=f"{self.job}:{item}:{self.slot.isoformat()}",
            effective_at=effective_at or self.slot,
            correlation=self.id,
        )

    def batch(self, items: Sequence[UUID], *about: object, effective_at: datetime | None = None) -> Context:
        """The context of one command for several items: keyed by job, slot, exactly these items and `about`.

        A shard that keeps failing goes on item by item, so under other keys: such a command must itself
        leave out what is done.
        """
        digest = sha256(b"".join(item.bytes for item in items)).hexdigest()[:32]
        return self.context(":".join(str(part) for part in (digest, *about)), effective_at=effective_at)


Plan = Callable[[Run], Sequence[UUID]]
Work = Callable[[Run, Sequence[UUID]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A declared job. `lease` bounds one shard: beyond it another worker takes the shard over.

    A run that starts more than `late_after` behind its slot is late. Without a plan a slot is one shard
    without items.
    """

    name: str
    slots: Slots
    policy: Policy
    queue: str
    plan: Plan | None
    work: Work
    shard_size: int
    lease: timedelta
    late_after: timedelta


_jobs: dict[str, Job] = {}


def job(
    name: str,
    *,
    slots: Slots,
    policy: Policy,
    queue: str,
    plan: Plan | None = None,
    shard_size: int = 50,
    lease: timedelta = timedelta(seconds=60),
    late_after: timedelta = timedelta(seconds=60),
) -> Callable[[Work], Work]:
    """Declare `work(run, items)` as job `name`. Raises ValueError for a name taken or an unknown queue."""
    if name in _jobs:
        raise ValueError(f"there is a job {name} already")
    if queue not in QUEUES:
        raise ValueError(f"{queue} is none of the queues {QUEUES}")

    def declare(work: Work) -> Work:
        _jobs[name] = Job(
            name=name,
            slots=slots,
            policy=policy,
            queue=queue,
            plan=plan,
            work=work,
            shard_size=shard_size,
            lease=lease,
            late_after=late_after,
        )
        return work

    return declare


def jobs(queue: str | None = None) -> dict[str, Job]:
    """The declared jobs by name, all of them or those of one queue."""
    return {name: each for name, each in _jobs.items() if queue in (None, each.queue)}
