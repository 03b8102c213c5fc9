"""`manage.py jobs tick | drain | status`: the cycle by hand, without Celery."""

import os
import socket
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from brokerage.jobs import commands, outbox, queries
from brokerage.jobs.schedule import QUEUES
from brokerage.ledger import seams


class Command(BaseCommand):
    """Enter due slots, do the waiting work, or show how things stand."""

    help = "tick: enter due slots; drain: tick, then do all waiting work and send all messages; status: show"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("tick", "drain", "status"))

    def handle(self, *args: object, action: str, **options: object) -> None:
        if action == "status":
            self._status()
            return
        self.stdout.write(f"slots entered: {commands.tick()}")
        if action == "drain":
            owner = f"{socket.gethostname()}:{os.getpid()}"
            commands.sweep()
            self.stdout.write(f"steps done: {sum(commands.drain(queue, owner) for queue in QUEUES)}")
            self.stdout.write(f"messages tried: {outbox.relay()}")

    def _status(self) -> None:
        now = seams.now()
        self.stdout.write(f"{'job':32} {'queue':8} {'last done':17} {'lag':>10} runs shards parked")
        for row in queries.job_status(now):
            done = f"{row.last_done:%Y-%m-%d %H:%MZ}" if row.last_done else "never"
            lag = str(row.lag).split(".")[0]
            counts = f"{row.open_runs:4} {row.open_shards:6} {row.parked:6}"
            self.stdout.write(f"{row.job:32} {row.queue:8} {done:17} {lag:>10} {counts}")
        waiting = queries.outbox_status(now)
        self.stdout.write(f"outbox: {waiting.depth} waiting, oldest for {waiting.oldest}")
        for item in queries.parked_items():
            self.stdout.write(f"parked: {item.id} {item.source} {item.business_key}: {item.error}")
