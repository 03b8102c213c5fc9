"""Writers and a sealer in processes of their own, killed at random, while this process reads the feed."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

from brokerage.config.folder import ROOT

SHARED = [UUID(int=number) for number in range(1, 9)]


@dataclass
class Reading:
    """What a reader that trusts only its cursor saw, and what a reader of `seq > cursor` would have."""

    position: int = 0
    naive_cursor: int = 0
    naive_seen: int = 0
    versions: dict[UUID, int] = field(default_factory=dict)
    seqs: list[int] = field(default_factory=list)

    def follow(self, limit: int) -> bool:
        """Read one page and check that it continues what was read; whether there was anything."""
        from brokerage.ledger import feed

        page = feed.read(self.position, limit)
        for item in page:
            assert item.position == self.position + 1, "a position was skipped or came twice"
            assert item.version == self.versions.get(item.stream, 0) + 1, "a stream was read out of order"
            self.position, self.versions[item.stream] = item.position, item.version
            self.seqs.append(item.seq)
        return bool(page)

    def follow_naively(self, limit: int) -> None:
        """Read one page by seq: the control that proves the storm could have cost events."""
        from brokerage.ledger import store

        rows = (
            store.cursor()
            .execute(
                "SELECT seq FROM ledger_event WHERE seq > %s ORDER BY seq LIMIT %s",
                [self.naive_cursor, limit],
            )
            .fetchall()
        )
        self.naive_seen += len(rows)
        self.naive_cursor = rows[-1][0] if rows else self.naive_cursor


def storm(*, events: int, writers: int, every: float, batch: int, limit: int, patience: float) -> Reading:
    """Read while others write, until `events` were read and the writers stopped; the whole reading.

    Every `every` seconds one process is killed and replaced. Raises AssertionError for a missed,
    doubled or inverted event, and TimeoutError after `patience` seconds.
    """
    from django.db import connection

    from brokerage.ledger import seals
    from brokerage.ledger.models import Event

    draw = random.Random(events)
    started = time.monotonic()
    roles = ["seal"] + ["write"] * writers
    crew = [_process(role, batch) for role in roles]
    reading, kill_at = Reading(), started + every
    try:
        while reading.position < events:
            reading.follow_naively(limit)
            if not reading.follow(limit):
                time.sleep(0.01)
            if time.monotonic() > kill_at:
                victim = draw.randrange(len(crew))
                crew[victim].send_signal(signal.SIGKILL)
                crew[victim].wait()
                crew[victim] = _process(roles[victim], batch)
                kill_at = time.monotonic() + every
            if time.monotonic() > started + patience:
                raise TimeoutError(f"{reading.position} of {events} events were read in {patience} s")
    finally:
        for process in crew:
            process.kill()
            process.wait()
    connection.close()
    while not _alone():
        time.sleep(0.05)
    while seals.seal() or reading.follow(limit):
        pass
    stored = list(Event.objects.order_by("seq").values_list("seq", flat=True))
    assert sorted(reading.seqs) == stored, "the reading is not the book"
    return reading


def _alone() -> bool:
    """Whether the killed processes' sessions have ended in the database too."""
    from brokerage.ledger import store

    row = (
        store.cursor()
        .execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'praya-storm'"
        )
        .fetchone()
    )
    return row == (0,)


def _process(role: str, batch: int) -> subprocess.Popen[bytes]:
    from django.db import connection

    settings = connection.settings_dict
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(
        **settings | {"HOST": quote(settings["HOST"], safe="")}
    )
    environment = os.environ | {
        "DATABASE_URL": address,
        "PGAPPNAME": "praya-storm",
        "PRAYA_DB_ROLE": "praya_app",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.storm", role, str(batch)], env=environment, cwd=ROOT
    )


def _write(batch: int) -> None:
    from brokerage.ledger import seams

    from .book import context, new, note

    draw = random.Random(os.getpid())
    own = [new() for _ in range(20)]
    while True:
        pause = draw.choice([0.0] * 30 + [0.05, 0.1, 0.6])
        texts = ("storm",) * draw.randrange(1, batch)

        def hold(point: str, pause: float = pause) -> None:
            if point == "before-commit":
                time.sleep(pause)

        with seams.using(crash=hold):
            note(context(), stream=draw.choice(own + SHARED), texts=texts)


def _seal(_: int) -> None:
    from brokerage.ledger import seals

    while True:
        seals.seal()
        time.sleep(0.02)


if __name__ == "__main__":
    import django

    django.setup()
    {"write": _write, "seal": _seal}[sys.argv[1]](int(sys.argv[2]))
