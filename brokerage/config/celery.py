"""Celery carries hints; PostgreSQL holds the work, the result and the proof.

So a lost, doubled or late message costs time, never money: acknowledge late, give back what a dead
process held, take one task at a time, store no results.
"""

import os
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import django
from celery import Celery
from celery.signals import worker_init
from django.conf import settings
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerage.config.settings")

MONEY, REVAL, NOTIFY, REPORTS = QUEUES = ("money", "reval", "notify", "reports")
VISIBILITY_S = 300  # Valkey hands an unacknowledged message out again after this long


def transport_options(broker_url: str) -> dict[str, Any]:
    """What keeps a publish or a delivery from being lost or from hanging, by kind of broker."""
    if broker_url.startswith(("redis", "rediss", "valkey")):
        return {"visibility_timeout": VISIBILITY_S, "unacked_restore_interval": 10, "socket_timeout": 30}
    return {
        "confirm_publish": True,
        "confirm_timeout": 5,
        "max_retries": 3,
        "interval_start": 0,
        "interval_step": 1,
    }


app = Celery("praya")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_transport_options=transport_options(settings.CELERY_BROKER_URL),
    broker_connection_retry_on_startup=True,
    broker_pool_acquire_timeout=5,
    timezone="UTC",
    # What may be carried, and that nothing comes back
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    result_backend=None,
    # Delivery
    task_acks_late=True,
    task_acks_on_failure_or_timeout=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_soft_shutdown_timeout=30,
    task_soft_time_limit=200,
    task_time_limit=240,
    # Publishing gives up soon: the sweeper sends the hint again
    task_publish_retry=True,
    task_publish_retry_policy={
        "max_retries": 3,
        "interval_start": 0,
        "interval_step": 0.2,
        "interval_max": 1,
    },
    # Money never waits behind reports; an unknown queue name is an error, not a new queue
    task_queues=[Queue(name, Exchange(name), routing_key=name, durable=True) for name in QUEUES],
    task_default_queue=REVAL,
    task_default_exchange=REVAL,
    task_default_routing_key=REVAL,
    task_create_missing_queues=False,
    # Beat and logs
    beat_schedule_filename=str(settings.DATA_DIR / "beat-schedule"),
    beat_max_loop_interval=5,
    worker_hijack_root_logger=False,
)
app.autodiscover_tasks()


def schedule() -> dict[str, Mapping[str, Any]]:
    """Every room's `tasks.SCHEDULE`, merged: name -> {"task", "schedule", "options"}."""
    merged: dict[str, Mapping[str, Any]] = {}
    for room in settings.ROOMS:
        if find_spec(f"{room}.tasks"):
            merged.update(getattr(import_module(f"{room}.tasks"), "SCHEDULE", {}))
    return merged


@app.on_after_finalize.connect
def plan(sender: Celery, **_: object) -> None:
    """Give beat the rooms' schedules once all tasks are known."""
    django.setup()
    sender.conf.beat_schedule = schedule()


@worker_init.connect
def refuse_unsafe_database(**_: object) -> None:
    """A worker does not take work that its database could forget."""
    from brokerage.config import preflight

    preflight.check()
