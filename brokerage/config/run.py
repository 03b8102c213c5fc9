"""`make run`: web, workers and beat under one small supervisor that brings back what dies.

Ctrl-C ends all of them. Embedded servers that a kill took down are started again; they are stopped at
the end only if this run started them.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from types import FrameType

import psutil
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from brokerage.config import embedded, folder, processes
from brokerage.config.folder import Unusable

PORT = int(os.environ.get("PORT", "8000"))
_FIRST_BACK_OFF_S, _LONGEST_BACK_OFF_S = 0.5, 30.0
_CALM_S = 30
_PATIENCE_S = 35
_CELERY = ("celery", "-A", "brokerage.config.celery")
PROGRAMS: dict[str, Sequence[str]] = {
    "web": (
        "gunicorn",
        "brokerage.config.wsgi",
        "--worker-class=gthread",
        "--workers=2",
        "--threads=8",  # more than PRAYA_FEED_WAITERS: readers of the feed wait in threads
        f"--bind=127.0.0.1:{PORT}",
        "--access-logfile=-",
        '--access-logformat=%(h)s %(t)s "%(m)s %(U)s" %(s)s %(b)s "%(a)s"',  # as logs.without_query
    ),
    "worker-money": (*_CELERY, "worker", "--hostname=money@%h", "--queues=money", "--concurrency=1"),
    "worker": (*_CELERY, "worker", "--hostname=other@%h", "--queues=reval,notify,reports", "--concurrency=2"),
    "beat": (*_CELERY, "beat"),
}


@dataclass
class Child:
    """One supervised program: its process, and how long to wait before it is started again."""

    name: str
    arguments: Sequence[str]
    logs: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    back_off: float = _FIRST_BACK_OFF_S
    due: float = field(default=0.0)

    def start(self) -> None:
        """Start the program in a process group of its own, output to its log."""
        with (self.logs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                cwd=folder.ROOT,
                env={**os.environ, "PRAYA_STATEMENT_TIMEOUT": "5s" if self.name == "web" else "60s"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started = time.monotonic()

    def tend(self) -> None:
        """Start the program if it is not running and its back-off is over; report a death once."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            code = self.process.returncode
            self.signal(signal.SIGKILL)  # what it left behind in its group, such as a worker's pool
            self.process = None
            calm = now - self.started > _CALM_S
            self.back_off = _FIRST_BACK_OFF_S if calm else min(self.back_off * 2, _LONGEST_BACK_OFF_S)
            self.due = now + self.back_off
            say(f"{self.name} ended with {code}; starting it again in {self.back_off:.0f} s")
        if self.process is None and now >= self.due:
            self.start()

    def signal(self, number: int) -> None:
        """Send a signal to the program's whole group."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def say(text: str) -> None:
    """One line for the person at the terminal."""
    print(f"praya: {text}", flush=True)


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Refuse a second supervisor of this data folder, and end what a killed one left running."""
    with (data / "run.lock").open("a") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise Unusable(f"Praya already runs from {data}: see http://localhost:{PORT}/") from None
        left = list(_left_running(data / "run.json"))
        for process in left:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        psutil.wait_procs(left, timeout=10)
        yield


def _left_running(record: Path) -> Iterator[psutil.Process]:
    """What an earlier supervisor started and left; a number that was used again since does not count."""
    born = json.loads(record.read_text()) if record.exists() else {}
    for pid, created in born.items():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(int(pid))
            if process.create_time() == created:
                yield process


def require_port() -> None:
    """Raise Unusable when another program listens on the web port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError as error:
            raise Unusable(
                f"Port {PORT} of 127.0.0.1 is not free ({error.strerror}). "
                f"End the program that uses it, or choose another: PORT={PORT + 1} make run"
            ) from error


def prepare() -> None:
    """Bring the schema up to date; then seed the demo once, or collect a production's static files."""
    last = ("seed_demo",) if settings.DEMO else ("collectstatic", "--no-input", "--verbosity=0")
    for command in (("migrate", "--verbosity=0"), last):
        done = subprocess.run(
            [sys.executable, str(folder.ROOT / "manage.py"), *command],
            cwd=folder.ROOT,
            stdout=subprocess.DEVNULL,  # progress and errors come by stderr; the logins are shown at the end
            check=False,
        )
        if done.returncode:
            raise Unusable(f"`manage.py {command[0]}` failed; see above. `make doctor` may know why.")


def supervise(children: Sequence[Child], record: Path) -> None:
    """Keep the children and the embedded servers alive until a signal asks to stop."""
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    known: set[int] = set()
    greeted = False
    while not stopping:
        with suppress(Unusable):
            embedded.provide()
        for child in children:
            child.tend()
        running = {child.process.pid for child in children if child.process is not None}
        if running != known:
            known = running
            processes.private_file(record, json.dumps(_births(running)))
        if not greeted and page_answers():
            greeted = True
            welcome(record.parent)
        time.sleep(0.5)


def page_answers() -> bool:
    """Whether the web server serves pages by now."""
    page = HTTPConnection("127.0.0.1", PORT, timeout=2)
    with suppress(OSError), closing(page):
        page.request("GET", "/healthz")
        return page.getresponse().status == HTTPStatus.OK
    return False


def welcome(data: Path) -> None:
    """Where to go, and as whom."""
    logins = data / "demo-logins.txt"
    if settings.DEMO and logins.exists():
        print(f"\n{'login':20} {'password':20} {'role':20} secret for an app\n{logins.read_text()}")
        say("the second step asks for a code: python manage.py staff code LOGIN prints it")
        say(f"clients log in at http://localhost:{PORT}/portal/login/; pages are in English so far")
    say(f"http://localhost:{PORT}/   logs in {data / 'logs'}   Ctrl-C stops")


def _births(pids: set[int]) -> dict[int, float]:
    born = {}
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            born[pid] = psutil.Process(pid).create_time()
    return born


def end(children: Sequence[Child]) -> None:
    """Ask every child to finish what it does; kill what has not ended in time."""
    for child in children:
        if child.process is not None:
            child.process.terminate()
    deadline = time.monotonic() + _PATIENCE_S
    for child in children:
        if child.process is not None:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, deadline - time.monotonic()))
            child.signal(signal.SIGKILL)


def main() -> int:
    """Run Praya until Ctrl-C; returns the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerage.config.settings")
    data = folder.opened(folder.data_dir())
    logs = data / "logs"
    logs.mkdir(exist_ok=True)
    children = [Child(name, arguments, logs) for name, arguments in PROGRAMS.items()]
    with only_one(data):
        require_port()
        ours = not any(embedded.status().values())
        embedded.provide()
        try:
            prepare()
            say("starting web, workers and beat")
            supervise(children, data / "run.json")
        finally:
            say("stopping")
            end(children)
            if ours:
                embedded.stop()
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except (Unusable, ImproperlyConfigured) as error:
        raise SystemExit(f"praya: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
