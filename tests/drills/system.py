"""The whole product as processes: started by its supervisor, under load, killed piece by piece, counted."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil
import psycopg

from brokerage.config.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 600


def wait_until(true: Callable[[], bool], what: str, pause_s: float = 0.2) -> float:
    """Seconds until `true` says so; fails with `what` when patience ends."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        with suppress(psycopg.Error, OSError, HTTPException):
            if true():
                return time.monotonic() - began
        time.sleep(pause_s)
    raise AssertionError(f"{what} did not happen within {PATIENCE_S} s")


@dataclass
class System:
    """A running product in `folder`."""

    folder: Path
    environment: dict[str, str]
    database_url: str
    supervisor: subprocess.Popen[bytes]

    def program(self, name: str) -> psutil.Process:
        """The supervised program: web, worker-money, worker or beat."""
        word = {"web": " gunicorn ", "worker-money": "=money@", "worker": "=other@", "beat": " beat"}[name]
        found = [
            child
            for child in psutil.Process(self.supervisor.pid).children()
            if child.status() != psutil.STATUS_ZOMBIE and word in " ".join(child.cmdline())
        ]
        if not found:
            raise ProcessLookupError(f"{name} is not running")
        return found[0]

    def server(self, name: str) -> psutil.Process:
        """The embedded server: postgres or valkey."""
        path = {"postgres": "postgres/data/postmaster.pid", "valkey": "valkey/valkey.pid"}[name]
        return psutil.Process(int((self.folder / "servers" / path).read_text().split()[0]))

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        """What the database answers."""
        with psycopg.connect(self.database_url, connect_timeout=3) as connection:
            return connection.execute(query, params).fetchall()

    def value(self, query: str, *params: Any) -> Any:
        """The first column of the first row."""
        return self.rows(query, *params)[0][0]

    def acknowledgements(self) -> list[Path]:
        """What every client so far wrote down: a key and its entry a line."""
        return sorted(self.folder.glob("acknowledged-*"))

    @contextmanager
    def load(self, name: str) -> Iterator[None]:
        """Two clients that pay all the time, one over HTTP, from the first acknowledgement of both on."""
        files = [self.folder / f"acknowledged-{name}-{way}" for way in ("web", "direct")]
        errors = (self.folder / f"load-{name}.log").open("wb")
        clients = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.drills.load", way, f"{name}-{way}", str(file)],
                cwd=ROOT,
                env=self.environment,
                stderr=errors,
            )
            for way, file in zip(("web", "direct"), files, strict=True)
        ]
        try:
            wait_until(lambda: all(file.stat().st_size for file in files), "the first acknowledgements")
            yield
            assert [client.poll() for client in clients] == [None, None]
        finally:
            for client in clients:
                client.kill()
                client.wait()

    def cycle_goes_on(self, since: float) -> float:
        """Seconds until a slot later than the instant `since` is done."""
        query = (
            "SELECT count(*) FROM jobs_run"
            " WHERE job = 'drill.mark' AND state = 'done' AND slot > to_timestamp(%s)"
        )
        return wait_until(lambda: self.value(query, since) > 0, "the next slot of the cycle")

    def in_the_middle_of_a_shard(self) -> float:
        """Seconds until a worker is seen at work."""
        query = "SELECT count(*) FROM jobs_run_shard WHERE job = 'drill.mark' AND state = 'running'"
        return wait_until(lambda: self.value(query) > 0, "a shard at work", pause_s=0.02)

    def web_answers(self) -> float:
        """Seconds until the web server answers."""
        port = int(self.environment["PORT"])

        def answers() -> bool:
            with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as link:
                link.request("GET", "/staff/")
                return link.getresponse().status < 500

        return wait_until(answers, "an answer of the web server")

    def settle(self) -> None:
        """Wait until everything that was due by now is done."""
        now = time.time()
        due = (
            "SELECT (SELECT count(*) FROM jobs_run WHERE job = 'drill.mark' AND slot <= to_timestamp(%s)"
            " AND state <> 'done') + (SELECT count(*) FROM jobs_outbox WHERE state = 'new')"
        )
        self.cycle_goes_on(now)
        wait_until(lambda: self.value(due, now) == 0, "the end of all work")


def kill(process: psutil.Process) -> None:
    """kill -9 of a process and all below it, and wait until they are gone."""
    doomed = [process, *process.children(recursive=True)]
    for each in doomed:
        with suppress(psutil.NoSuchProcess):
            each.send_signal(signal.SIGKILL)
    psutil.wait_procs(doomed, timeout=30)


@contextmanager
def running(**servers: str) -> Iterator[System]:
    """The product, started by its supervisor in an empty folder; `servers` may name other servers.

    The folder, with its logs, is kept when the drill fails.
    """
    folder = Path(tempfile.mkdtemp(prefix="praya-drill-"))
    folder.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "CELERY_BROKER_URL")}
    environment = {
        **kept,
        "PRAYA_DATA_DIR": str(folder),
        "PRAYA_DEMO": "1",
        "PORT": str(free_port(None)),
        "DJANGO_SETTINGS_MODULE": "tests.drills.settings",
        "PYTHONPATH": str(ROOT),
        **servers,
    }
    with (folder / "supervisor.log").open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "tests.drills.supervise"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        url = servers.get("DATABASE_URL") or _embedded_url(folder)
        system = System(folder, environment, url, supervisor)
        system.cycle_goes_on(0)
        yield system
    finally:
        supervisor.terminate()
        supervisor.wait(PATIENCE_S)
    shutil.rmtree(folder)


def _embedded_url(folder: Path) -> str:
    record = folder / "servers.json"
    wait_until(record.exists, "the start of the embedded servers")
    code = "from brokerage.config import embedded; print(embedded.addresses().database_url)"
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "CELERY_BROKER_URL")}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**kept, "PRAYA_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
