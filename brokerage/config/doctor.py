"""What this machine lacks to run Praya, and how to mend it. Starts nothing and changes nothing."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu import Connection

from brokerage.config import folder, preflight


class Finding(NamedTuple):
    """One thing looked at: whether it is well, what was seen, and the cure if it is not."""

    well: bool
    seen: str
    cure: str = ""


def findings() -> Iterator[Finding]:
    """Look at everything, cheapest first; a check that cannot go on is itself a finding."""
    for look in _LOOKS:
        try:
            yield look()
        except (folder.Unusable, ImproperlyConfigured) as error:
            yield Finding(False, str(error))
        except (psycopg.Error, DatabaseError, OSError) as error:
            yield Finding(False, f"{look.__name__.strip('_')}: {error}".strip(), _START)


_START = "Start the servers: make run, or python -m brokerage.config.embedded start"


def _python() -> Finding:
    return Finding(True, f"Python {sys.version.split()[0]} at {sys.executable}")


def _data_folder() -> Finding:
    return Finding(True, f"data folder {folder.opened(folder.data_dir())} is writable")


def _disk() -> Finding:
    free = shutil.disk_usage(folder.data_dir()).free // 2**20
    return Finding(free > 1000, f"{free} MB free on its disk", "Free some, or set PRAYA_DATA_DIR")


def _keys() -> Finding:
    key = Path(settings.PRAYA_SEAL_KEY)
    return Finding(
        key.is_file() and os.access(key, os.R_OK),
        f"seal key {key}",
        "Set PRAYA_SEAL_KEY to a readable Ed25519 key (PKCS#8 PEM): openssl genpkey -algorithm ed25519",
    )


def _postgres() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_user")
        version, role = cursor.fetchone()
    major = int(version.split(".")[0])
    return Finding(major >= 15, f"PostgreSQL {version} answers, as {role}", "Praya needs PostgreSQL 15 to 18")


def _durable() -> Finding:
    preflight.check()
    return Finding(True, "acknowledged bookings survive a crash (fsync, synchronous_commit)")


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return Finding(missing == 0, f"{missing} migrations to apply", "python manage.py migrate")


def _broker() -> Finding:
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=3) as broker:
        broker.ensure_connection(max_retries=1, errback=None)
        return Finding(True, f"broker {broker.as_uri()} answers")


def _chromium() -> Finding:
    found = shutil.which("chromium")
    cure = "Only browser tests need it: apt install chromium"
    return Finding(True, f"chromium at {found}" if found else f"no chromium. {cure}")


_LOOKS = (_python, _data_folder, _disk, _keys, _postgres, _durable, _migrations, _broker, _chromium)
