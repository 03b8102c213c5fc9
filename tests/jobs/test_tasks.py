"""Celery's side of the cycle: hints that may be lost, doubled or forged without harm."""

import base64
import io
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.core.management import call_command
from kombu import Connection, Exchange, Queue
from kombu.exceptions import OperationalError

from brokerage.config import celery as config
from brokerage.jobs import queries, schedule, tasks
from brokerage.jobs.models import JobRun, RunState
from brokerage.jobs.rules import ALL_IN_ORDER, every
from brokerage.jobs.schedule import Run, job

from .world import World

ACCOUNTS = [uuid4() for _ in range(5)]


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queues workers were called to, in order; nothing is published."""
    called: list[str] = []
    monkeypatch.setattr(tasks.drain, "apply_async", lambda args, **options: called.append(options["queue"]))
    return called


@pytest.fixture
def clocks_agree(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's clock is taken for the database's as well."""
    monkeypatch.setattr(tasks, "clock_skew", lambda: timedelta(0))


def declare() -> list[UUID]:
    done: list[UUID] = []

    @job(
        "test.mark",
        slots=every(timedelta(hours=1)),
        policy=ALL_IN_ORDER,
        queue="reval",
        plan=lambda run: ACCOUNTS,
        shard_size=2,
    )
    def work(run: Run, items: Sequence[UUID]) -> None:
        done.extend(items)

    return done


@pytest.mark.django_db
class TestHints:
    def test_tick_calls_workers_only_where_something_waits(
        self, clocks_agree: None, hints: list[str]
    ) -> None:
        declare()
        tasks.tick()
        assert hints == ["reval"]

    def test_a_planner_calls_helpers_for_the_shards_beyond_its_own(
        self, clocks_agree: None, hints: list[str]
    ) -> None:
        done = declare()
        tasks.tick()
        tasks.drain("reval")
        assert done == ACCOUNTS
        assert hints == ["reval", "reval", "reval"]
        tasks.drain("reval")
        assert done == ACCOUNTS

    def test_a_queue_that_does_not_exist_holds_no_work(self, clocks_agree: None, hints: list[str]) -> None:
        declare()
        tasks.tick()
        tasks.drain("'; DROP TABLE jobs_run; --")
        assert JobRun.objects.get().state == RunState.DUE

    def test_without_a_broker_the_work_goes_on(
        self, clocks_agree: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*args: object, **options: object) -> None:
            raise OperationalError("connection refused")

        monkeypatch.setattr(tasks.drain, "apply_async", away)
        done = declare()
        tasks.tick()
        tasks.drain("reval")
        assert done == ACCOUNTS

    def test_a_clock_that_disagrees_with_the_database_enters_no_slot(
        self, world: World, hints: list[str]
    ) -> None:
        declare()
        tasks.tick()
        assert not JobRun.objects.exists()
        assert abs(tasks.clock_skew()) > timedelta(days=1)

    def test_relay_and_sweep_can_run_at_any_time(self, world: World) -> None:
        tasks.relay()
        tasks.sweep()
        assert queries.outbox_status(world.now).depth == 0


@pytest.mark.django_db
def test_the_cycle_runs_by_hand(world: World) -> None:
    done = declare()
    shown = io.StringIO()
    call_command("jobs", "drain", stdout=shown)
    call_command("jobs", "status", stdout=shown)
    assert done == ACCOUNTS
    assert "slots entered: 1\nsteps done: 4\nmessages tried: 0\n" in shown.getvalue()
    assert "test.mark" in shown.getvalue()


class TestConfiguration:
    def test_every_scheduled_task_exists_and_its_hint_expires_before_it_piles_up(self) -> None:
        planned = config.schedule()
        assert set(tasks.SCHEDULE) <= set(planned)
        for entry in planned.values():
            assert entry["task"] in config.app.tasks
            assert 0 < entry["options"]["expires"] <= max(2, entry["schedule"])
            assert entry["options"]["queue"] in config.QUEUES

    def test_queues_are_the_same_on_both_sides(self) -> None:
        assert schedule.QUEUES == config.QUEUES

    def test_the_broker_is_left_out_of_every_guarantee(self) -> None:
        conf = config.app.conf
        assert list(conf.accept_content) == ["json"]
        assert conf.task_serializer == "json"
        assert conf.task_acks_late
        assert conf.task_reject_on_worker_lost
        assert conf.worker_prefetch_multiplier == 1
        assert conf.result_backend is None
        assert conf.task_ignore_result

    def test_no_task_waits_in_the_broker_longer_than_a_minute(self) -> None:
        """C17: later work has a `next_at` in PostgreSQL."""
        root = Path(config.__file__).parents[2]
        rooms = ("brokerage", "custody", "margin", "reporting")
        sources = [path for room in rooms for path in (root / room).rglob("*.py")]
        for word in ("countdown=", "eta=", "chord(", "AsyncResult"):
            assert not [path for path in sources if word in path.read_text()]


class Bomb:
    """What a pickle could do to a worker that accepts it."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (Path.touch, (self.target,))


@pytest.fixture(params=["memory", "redis", "rabbitmq"])
def worker(request: pytest.FixtureRequest) -> Iterator[tuple[Celery, Queue, list[str]]]:
    """A worker with the product's configuration on a queue of its own, and what its one task was told."""
    url = "memory://" if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")
    app = Celery("test", set_as_current=False, fixups=set())
    app.conf.update({key: config.app.conf[key] for key in config.app.conf.changes})
    name = f"praya-test-{uuid4()}"
    queue = Queue(name, Exchange(name, auto_delete=True), routing_key=name, auto_delete=True)
    app.conf.update(
        broker_url=url,
        broker_transport_options=config.transport_options(url),
        task_queues=[queue],
        task_default_queue=name,
        task_default_exchange=name,
        task_default_routing_key=name,
        beat_schedule={},
    )
    told: list[str] = []

    @app.task(name="test.tell", shared=False)
    def tell(word: str) -> None:
        told.append(word)

    with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=20):
        yield app, queue, told


def test_forged_messages_are_rejected_and_the_worker_lives(
    worker: tuple[Celery, Queue, list[str]], tmp_path: Path
) -> None:
    """C19: a pickle, an unknown task, broken JSON and wrong arguments, then an honest message."""
    app, queue, told = worker
    headers = {"lang": "py", "task": "test.tell", "id": str(uuid4()), "root_id": None, "parent_id": None}
    address = {"exchange": queue.exchange, "routing_key": queue.routing_key}
    bomb = tmp_path / "went-off"
    pickled = pickle.dumps(((Bomb(bomb),), {}, {}))
    with Connection(app.conf.broker_url, transport_options=app.conf.broker_transport_options) as connection:
        producer = connection.Producer()
        for body, options in (
            (pickled, {"content_type": "application/x-python-serialize", "content_encoding": "binary"}),
            (base64.b64encode(pickled).decode(), {"content_type": "application/x-python-serialize"}),
            ('[["a"', {"content_type": "application/json", "content_encoding": "utf-8"}),
            ('[["a", "b", "c"], {}, {}]', {"content_type": "application/json", "content_encoding": "utf-8"}),
        ):
            producer.publish(body, **address, headers=headers, **options)
        producer.publish(
            [["x"], {}, {}],
            serializer="json",
            **address,
            headers={**headers, "task": "os.system"},
        )
    app.send_task("test.tell", ("honest",))
    deadline = time.monotonic() + 20
    while not told and time.monotonic() < deadline:
        time.sleep(0.05)
    assert told == ["honest"]
    assert not bomb.exists()
