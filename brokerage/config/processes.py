"""Servers as processes of their own: detached from whoever starts them, and never run as root."""

import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import sha256
from pathlib import Path

import psutil

from brokerage.config.folder import Unusable, opened

NOBODY = 65534
_PR_SET_PDEATHSIG = 1
_LOCK_WAIT_S = 120


def servant() -> int | None:
    """The unprivileged uid servers run under when we are root (PostgreSQL refuses root), else None."""
    return NOBODY if os.geteuid() == 0 else None


def run(arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program as the servant to its end; output is captured as text."""
    uid = servant()
    return subprocess.run(
        [str(part) for part in arguments],
        capture_output=True,
        text=True,
        cwd="/",
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )


def launch(
    arguments: Sequence[str | Path], *, log: Path, dies_with_us: bool = False
) -> subprocess.Popen[bytes]:
    """Start a server as the servant in a session of its own, so that neither Ctrl-C nor kill -9 of the
    starter reaches it. `dies_with_us` is for tests: the kernel then ends it with its starter."""
    uid = servant()
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            preexec_fn=_end_with_parent if dies_with_us and sys.platform == "linux" else None,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def can_reach(path: Path) -> bool:
    """Whether the servant can read what is at `path` (a folder above may be closed to it)."""
    return run(["test", "-r", path]).returncode == 0


def give(path: Path) -> Path:
    """The folder, existing, closed to others and owned by the servant."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    uid = servant()
    if uid is not None:
        os.chown(path, uid, uid)
    return path


def home(data_dir: Path) -> Path:
    """Where the servers keep their files: `servers` in the data folder.

    Root's data folder can lie where the servant cannot go (/root); then the files are under /var/lib
    and `servers` is a link to them.
    """
    servers = opened(data_dir) / "servers"
    if not servers.exists() and servant() is not None and not can_reach(data_dir):
        name = sha256(str(data_dir).encode()).hexdigest()[:12]
        outside = opened(Path("/var/lib/praya")) / name
        give(outside)
        servers.symlink_to(outside)
    return give(servers.resolve())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time inside the block; raises Unusable after two minutes of waiting."""
    with (folder / "lock").open("a") as file:
        for _ in range(_LOCK_WAIT_S * 10):
            try:
                flock(file, LOCK_EX | LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)
        else:
            raise Unusable(f"Another process has held {folder}/lock for {_LOCK_WAIT_S} s. End it first.")
        yield


def free_port(wanted: int | None) -> int:
    """`wanted` if nobody listens there, else any free port of 127.0.0.1."""
    for port in (wanted or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unusable("No port of 127.0.0.1 is free. Close some programs and try again.")


def is_running(pid: int | None, program: str) -> bool:
    """Whether `pid` is alive and is `program`: after a reboot the number may be somebody else's."""
    try:
        process = psutil.Process(pid) if pid is not None else None
        return (
            process is not None
            and process.name().startswith(program)
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return False


def end(pid: int | None, program: str, patience_s: int = 20) -> None:
    """Ask `program` to stop, wait until it is gone, and kill it when it will not go."""
    if pid is None or not is_running(pid, program):
        return
    process = psutil.Process(pid)
    process.terminate()
    deadline = time.monotonic() + patience_s
    while is_running(pid, program):  # a zombie counts as gone: its new parent may be slow to notice
        if time.monotonic() > deadline:
            process.kill()
        time.sleep(0.02)


def tail(log: Path, lines: int = 8) -> str:
    """The last lines of a log, for a message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def private_file(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, readable by its owner only."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder of the servant for as long as the block runs; also sweeps those of starters that died."""
    base = Path(tempfile.gettempdir())
    for left in base.glob("praya-scratch-*-*"):
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    folder = give(base / f"praya-scratch-{os.getpid()}-{secrets.token_hex(3)}")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
