"""kill -9 of everything, many times under load: nothing acknowledged is lost, nothing is done twice.

`make drill` runs it; PRAYA_KILLS is how often each component is killed. PRAYA_TEST_PG_BIN takes
another PostgreSQL, PRAYA_TEST_AMQP_URL another broker.
"""

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise

import psutil
import pytest

from brokerage.config import database
from brokerage.config.postgres import Cluster, throwaway_cluster

from .system import System, kill, running, wait_until

KILLS = int(os.environ.get("PRAYA_KILLS", "0"))
pytestmark = [
    pytest.mark.drill,
    pytest.mark.skipif(not KILLS, reason="minutes long; `make drill` sets PRAYA_KILLS"),
]


@pytest.fixture(scope="module")
def embedded_system() -> Iterator[System]:
    """The product on its embedded servers."""
    with running() as system:
        yield system


def worker_tree(system: System) -> None:
    for name in ("worker", "worker-money"):
        kill(system.program(name))


def pool_child(system: System) -> None:
    children = [c for name in ("worker", "worker-money") for c in system.program(name).children()]
    kill(random.choice(children))


def web_worker(system: System) -> None:
    kill(random.choice(system.program("web").children()))


KILLERS: dict[str, Callable[[System], None]] = {
    "worker tree": worker_tree,
    "one pool child": pool_child,
    "beat": lambda system: kill(system.program("beat")),
    "web": lambda system: kill(system.program("web")),
    "one web worker": web_worker,
    "postgres": lambda system: kill(system.server("postgres")),
    "valkey": lambda system: kill(system.server("valkey")),
}


def drill(system: System, component: str, strike: Callable[[System], None]) -> None:
    """Strike KILLS times under load, each time after the cycle went on; then settle and count."""
    recoveries = []
    with system.load(component.replace(" ", "-")):
        for _ in range(KILLS):
            time.sleep(random.uniform(0, 2))
            system.in_the_middle_of_a_shard()
            struck = _strike(system, strike)
            system.web_answers()
            recoveries.append(system.cycle_goes_on(struck))
    system.settle()
    acknowledged = count(system)
    recoveries.sort()
    print(
        f"\n{component}: {KILLS} kills, {acknowledged} acknowledged payments, none lost or doubled; "
        f"the cycle went on after {recoveries[len(recoveries) // 2]:.1f} s (worst {recoveries[-1]:.1f} s)"
    )


def _strike(system: System, strike: Callable[[System], None]) -> float:
    """Strike as soon as the victim is there; the instant it was."""

    def struck() -> bool:
        try:
            strike(system)
        except (psutil.NoSuchProcess, LookupError):
            return False
        return True

    wait_until(struck, "the return of the victim")
    return time.time()


def count(system: System) -> int:
    """Hold the whole book against what was acknowledged and what was due; the number of acknowledgements."""
    acknowledged = [
        line.split() for file in system.acknowledgements() for line in file.read_text().splitlines()
    ]
    entries = dict(system.rows("SELECT key, id::text FROM ledger_entry WHERE command = 'drill.pay'"))
    assert acknowledged
    assert [key for key, entry in acknowledged if entries.get(key) != entry] == []
    paid = "SELECT coalesce(sum(amount), 0)::int FROM ledger_balance WHERE role = 'cash'"
    assert system.value(paid) == len(entries)
    assert system.value("SELECT count(*) FROM ledger_event WHERE kind = 'drill.paid'") == len(entries)
    notices = (
        "SELECT count(*), count(DISTINCT data->>'message') FROM ledger_event WHERE kind = 'drill.noticed'"
    )
    assert system.rows(notices) == [(len(entries), len(entries))]
    assert system.value("SELECT count(*) FROM jobs_outbox WHERE state <> 'sent'") == 0
    every_slot_done_once(system)
    return len(acknowledged)


def every_slot_done_once(system: System) -> None:
    """Slots two seconds apart without a gap, and exactly one mark an item and slot."""
    done = system.rows("SELECT slot FROM jobs_run WHERE job = 'drill.mark' AND state = 'done' ORDER BY slot")
    slots = [slot for (slot,) in done]
    assert {b - a for a, b in pairwise(slots)} == {timedelta(seconds=2)}
    marks = (
        "SELECT count(*), count(DISTINCT (stream, data->>'slot')) FROM ledger_event"
        " JOIN jobs_run ON slot = (data->>'slot')::timestamptz AND job = 'drill.mark' AND state = 'done'"
        " WHERE kind = 'drill.marked' AND slot <= %s"
    )
    assert system.rows(marks, slots[-1]) == [(40 * len(slots), 40 * len(slots))]
    assert system.value("SELECT count(*) FROM jobs_parked") == 0


@pytest.mark.parametrize("component", KILLERS)
def test_nothing_is_lost_or_doubled_and_the_cycle_goes_on_after(
    component: str, embedded_system: System
) -> None:
    drill(embedded_system, component, KILLERS[component])


@pytest.fixture(scope="module")
def server_system(rabbitmq_url: str) -> Iterator[tuple[System, Cluster]]:
    """The product on servers of somebody else: RabbitMQ, and PostgreSQL from PRAYA_TEST_PG_BIN if named."""
    with throwaway_cluster(durable=True) as cluster:
        url = cluster.url()
        database.prepare(url)
        with running(DATABASE_URL=url, CELERY_BROKER_URL=rabbitmq_url) as system:
            yield system, cluster


@pytest.mark.parametrize("component", [name for name in KILLERS if name not in ("postgres", "valkey")])
def test_the_same_holds_on_rabbitmq_and_another_postgres_after(
    component: str, server_system: tuple[System, Cluster]
) -> None:
    system, _ = server_system
    drill(system, component, KILLERS[component])


def test_the_same_holds_when_that_postgres_is_killed(server_system: tuple[System, Cluster]) -> None:
    system, cluster = server_system

    def strike(system: System) -> None:
        pid = cluster.pid()
        if pid is None:
            raise ProcessLookupError
        kill(psutil.Process(pid))
        cluster.start()

    drill(system, "postgres", strike)
