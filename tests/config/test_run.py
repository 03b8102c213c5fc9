"""The supervisor: what is killed comes back, and nothing is left behind at the end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from brokerage.config import processes, run
from brokerage.config.folder import Unusable

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {"web": "gunicorn", "worker-money": "--queues=money", "worker": "--queues=reval", "beat": "beat"}


class Demo:
    """One `python -m brokerage.config.run` with a data folder and a port of its own."""

    def __init__(self) -> None:
        self.data = Path(tempfile.mkdtemp(prefix="praya-run-"))
        self.data.chmod(0o755)
        self.port = processes.free_port(None)
        self.supervisor = self.launch()

    def launch(self) -> subprocess.Popen[str]:
        unset = {"DATABASE_URL", "CELERY_BROKER_URL", "AXES_ENABLED"}
        kept = {name: value for name, value in os.environ.items() if name not in unset}
        return subprocess.Popen(
            [sys.executable, "-m", "brokerage.config.run"],
            cwd=ROOT,
            env={**kept, **self.production()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def production(self) -> dict[str, str]:
        """Settings without a demonstration, so that nothing has to be seeded first."""
        key = self.data / "key.pem"
        key.touch()
        return {
            "PRAYA_DATA_DIR": str(self.data),
            "PORT": str(self.port),
            "PRAYA_DEMO": "0",
            "SECRET_KEY": "k" * 50,
            "EMAIL_URL": "smtp://mail.example",
            "PRAYA_KEYS": "1:" + "A" * 43 + "=",
            "PRAYA_SEAL_KEY": str(key),
            "ALLOWED_HOSTS": "127.0.0.1",
        }

    def answers(self) -> bool:
        with suppress(OSError):
            connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        return False

    def running(self) -> dict[str, int]:
        """Name -> pid of the programs under the supervisor, which must not have given up."""
        assert self.supervisor.poll() is None, f"the supervisor gave up; see {self.data}/logs"
        children = [(child.pid, words(child)) for child in psutil.Process(self.supervisor.pid).children()]
        return {
            name: pid
            for name, sign in PROGRAMS.items()
            for pid, command in children
            if any(part.startswith(sign) for part in command)
        }

    def replaced(self, name: str, pid: int) -> bool:
        return self.running().get(name, pid) != pid

    def command(self, word: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "brokerage.config.embedded", word],
            env={**os.environ, "PRAYA_DATA_DIR": str(self.data)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        ).stdout


def until(condition: Callable[[], bool], what: str, seconds: float = 300) -> None:
    """Wait for something; the limit ends a hang and says nothing of speed, for the machine may be shared."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def words(process: psutil.Process) -> list[str]:
    """Its command line; none of one that ended, which it may do at any time, also while it is asked."""
    with suppress(psutil.NoSuchProcess):
        return [] if process.status() == psutil.STATUS_ZOMBIE else process.cmdline()
    return []


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture
def demo() -> Iterator[Demo]:
    started = Demo()
    yield started
    if started.supervisor.poll() is None:
        started.supervisor.terminate()
        started.supervisor.communicate(timeout=60)
    started.command("stop")
    shutil.rmtree(started.data)


@pytest.mark.drill
class TestTheSupervisor:
    def test_brings_back_whatever_is_killed_and_leaves_nothing_behind(self, demo: Demo) -> None:
        until(lambda: len(demo.running()) == 4 and demo.answers(), "the demo did not come up")
        for name in PROGRAMS:
            before = demo.running()[name]
            os.kill(before, signal.SIGKILL)
            until(partial(demo.replaced, name, before), f"{name} did not come back")
        for pidfile in ("postgres/data/postmaster.pid", "valkey/valkey.pid"):
            os.kill(int((demo.data / "servers" / pidfile).read_text().split()[0]), signal.SIGKILL)
            until(lambda: demo.command("status").count("answers") == 2, f"{pidfile} did not come back")
        until(demo.answers, "the first page no longer answers")
        everything = psutil.Process(demo.supervisor.pid).children(recursive=True)
        demo.supervisor.send_signal(signal.SIGINT)
        assert demo.supervisor.wait(60) == 0
        assert [process for process in everything if lives(process)] == []
        assert demo.command("status").count("stopped") == 2

    def test_cleans_up_after_one_that_was_killed(self, demo: Demo) -> None:
        until(lambda: len(demo.running()) == 4 and demo.answers(), "the demo did not come up")
        orphans = [psutil.Process(pid) for pid in demo.running().values()]
        demo.supervisor.kill()
        demo.supervisor.communicate()
        demo.supervisor = demo.launch()
        until(lambda: len(demo.running()) == 4 and demo.answers(), "the demo did not come up again")
        assert not any(lives(process) for process in orphans)

    def test_says_so_when_it_runs_already(self, demo: Demo) -> None:
        until(demo.answers, "the demo did not come up")
        second = demo.launch()
        assert f"already runs from {demo.data}" in second.communicate(timeout=60)[0]


class TestAMessageSaysWhatToDo:
    def test_when_the_port_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            monkeypatch.setattr(run, "PORT", taken.getsockname()[1])
            with pytest.raises(Unusable, match=r"choose another: PORT=\d+ make run"):
                run.require_port()
