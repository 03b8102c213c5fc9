"""PostgreSQL and Valkey without installing either: started once, shared by every process, kept in one folder.

The servers belong to nobody: web, worker and beat may be killed and come back to the same two. They are
used only where DATABASE_URL or CELERY_BROKER_URL is not set. `python -m brokerage.config.embedded
start|stop|status` handles them by hand.
"""

import json
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from brokerage.config import database, folder, processes
from brokerage.config.folder import Unusable
from brokerage.config.postgres import Cluster, wheel_programs
from brokerage.config.valkey import Broker

LOGIN = DATABASE = "praya"
_NOWHERE = "postgresql:///praya?host=/embedded-servers-are-not-started"


class Servers(NamedTuple):
    """The two addresses a process needs."""

    database_url: str
    broker_url: str


@dataclass(frozen=True, slots=True)
class Record:
    """What servers.json keeps: enough to find, start and enter the embedded servers again."""

    programs: str
    postgres_port: int
    valkey_port: int
    superuser_password: str
    password: str
    valkey_password: str

    @property
    def cluster(self) -> Cluster:
        """The PostgreSQL cluster of the data folder."""
        home = (folder.data_dir() / "servers" / "postgres").resolve()
        return Cluster(home, Path(self.programs), self.postgres_port, self.superuser_password)

    @property
    def broker(self) -> Broker:
        """The Valkey server of the data folder."""
        home = (folder.data_dir() / "servers" / "valkey").resolve()
        return Broker(home, self.valkey_port, self.valkey_password)


def addresses() -> Servers:
    """Where PostgreSQL and the broker are: the environment first, then the embedded servers' record.

    Starts nothing. Before the first start the address leads nowhere, and says so when it is used.
    """
    database_url, broker_url = os.environ.get("DATABASE_URL"), os.environ.get("CELERY_BROKER_URL")
    record = None if database_url and broker_url else _read()
    return Servers(
        database_url or (record.cluster.url(DATABASE, LOGIN, record.password) if record else _NOWHERE),
        broker_url or (record.broker.url if record else "memory://"),
    )


def provide() -> Servers:
    """`addresses`, after starting whichever server the environment does not name."""
    return ensure(postgres=not os.environ.get("DATABASE_URL"), valkey=not os.environ.get("CELERY_BROKER_URL"))


def ensure(*, postgres: bool = True, valkey: bool = True) -> Servers:
    """Start the embedded servers that do not answer, exactly once among any number of callers.

    Raises Unusable, saying what to do, when the folder, the disk, a port or a right is in the way.
    """
    if not _answering(_read(), postgres, valkey):
        with processes.locked(folder.opened(folder.data_dir())):
            record = _read() or _fresh()
            if postgres and not record.cluster.answers():
                record = _start_postgres(record)
            if valkey and not record.broker.answers():
                _start_valkey(record)
    return addresses()


def stop() -> None:
    """Stop both embedded servers if they run; their data stays."""
    if record := _read():
        with processes.locked(folder.data_dir()):
            record.cluster.stop()
            record.broker.stop()


def status() -> dict[str, bool]:
    """Which of the embedded servers answers now."""
    record = _read()
    return {
        "postgres": record is not None and record.cluster.answers(),
        "valkey": record is not None and record.broker.answers(),
    }


def _answering(record: Record | None, postgres: bool, valkey: bool) -> bool:
    if record is None:
        return not (postgres or valkey)
    return (not postgres or record.cluster.answers()) and (not valkey or record.broker.answers())


def _start_postgres(record: Record) -> Record:
    home = processes.home(folder.data_dir())
    processes.give(home / "postgres")
    record = replace(record, programs=str(wheel_programs(processes.give(home / "programs"))))
    cluster = record.cluster
    if not cluster.by_socket and not processes.is_running(cluster.pid(), "postgres"):
        record = replace(record, postgres_port=processes.free_port(record.postgres_port))
    _write(record)
    record.cluster.create()
    record.cluster.start()
    _create_database(record)
    return record


def _start_valkey(record: Record) -> None:
    processes.give(processes.home(folder.data_dir()) / "valkey")
    record.broker.stop()
    record = replace(record, valkey_port=processes.free_port(record.valkey_port))
    _write(record)
    record.broker.start()


def _create_database(record: Record) -> None:
    """The login of the product, the two roles it may take on, and an empty database."""
    with psycopg.connect(record.cluster.url(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            return
        login, owner, app = (sql.Identifier(name) for name in (LOGIN, database.OWNER, database.APP))
        for statement in (
            sql.SQL("DROP ROLE IF EXISTS {}, {}, {}").format(login, owner, app),
            sql.SQL("CREATE ROLE {} NOLOGIN").format(owner),
            sql.SQL("CREATE ROLE {} NOLOGIN").format(app),
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(login, sql.Literal(record.password)),
            sql.SQL("GRANT {}, {} TO {}").format(owner, app, login),
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), owner),
        ):
            connection.execute(statement)


def _path() -> Path:
    return folder.data_dir() / "servers.json"


def _read() -> Record | None:
    try:
        return Record(**json.loads(_path().read_text()))
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise Unusable(
            f"{_path()} belongs to another user, who ran Praya here first. Run as that user, "
            "or set PRAYA_DATA_DIR to a folder of your own."
        ) from error
    except (ValueError, TypeError) as error:
        raise Unusable(f"{_path()} is damaged ({error}). Delete {_path().parent} to start afresh.") from error


def _write(record: Record) -> None:
    processes.private_file(_path(), json.dumps(asdict(record), indent=1))


def _fresh() -> Record:
    ports = processes.free_port(None), processes.free_port(None)
    record = Record("", *ports, *(secrets.token_urlsafe(24) for _ in range(3)))
    _write(record)
    return record


def main(arguments: list[str]) -> int:
    """start, stop or status from the shell; returns the exit code."""
    actions: dict[str, Callable[[], object]] = {"start": ensure, "stop": stop, "status": status}
    if len(arguments) != 1 or arguments[0] not in actions:
        print("usage: python -m brokerage.config.embedded start|stop|status", file=sys.stderr)
        return 2
    try:
        actions[arguments[0]]()
        for name, answers in status().items():
            print(f"{name}: {'answers' if answers else 'is stopped'}")
    except Unusable as error:
        print(error, file=sys.stderr)
        return 1
    print(f"data folder: {folder.data_dir()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
