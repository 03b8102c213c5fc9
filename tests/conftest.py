"""What every test may ask for: a database of its own, real daily prices, and real brokers where they run.

The database is an embedded cluster started at the first test that needs one; each xdist worker has its
own, because a transaction elsewhere in a cluster holds seals back. DATABASE_URL names a server instead
(run without -n then); PRAYA_TEST_PG_BIN names the programs of another PostgreSQL for the clusters.
"""

import atexit
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

DATA_DIR = tempfile.mkdtemp(prefix="praya-tests-")
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
os.environ["PRAYA_DEMO"] = "1"
os.environ["PRAYA_DATA_DIR"] = DATA_DIR
os.environ["AXES_ENABLED"] = "0"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerage.config.settings")

import django
import django.test
from django.contrib.auth.hashers import Argon2PasswordHasher
from hypothesis import settings as properties

from brokerage.config import database
from brokerage.config.postgres import Cluster, throwaway_cluster

properties.register_profile("untimed", deadline=None)  # speed is measured by `make bench`, never asserted
properties.load_profile("untimed")
ROOT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """The environment above is set by now, so that settings read it and not the developer's."""
    django.setup()
    from tests.desk import proved

    django.test.Client._login = proved(django.test.Client._login)
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 64  # hundreds of logins are made


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The address of the server the tests run on, entered as superuser."""
    if url := os.environ.get("DATABASE_URL"):
        if os.environ.get("PYTEST_XDIST_WORKER"):
            pytest.exit("DATABASE_URL is one server for all: run without -n.")
        yield url
    else:
        with throwaway_cluster() as cluster:
            yield cluster.url()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(database_url: str) -> None:
    """pytest-django's hook: point Django at that server, as the role that owns the schema."""
    from django.db import connections

    database.prepare(database_url, creates_databases=True)
    connections.databases["default"].update(database.django_database(database_url, role=database.OWNER))


@pytest.fixture
def fresh_cluster() -> Iterator[Cluster]:
    """A cluster for one test, to be stopped, killed or restored at will."""
    with throwaway_cluster(durable=True) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def price_folder() -> Path:
    """A folder of real daily prices: PRAYA_TEST_PRICES, or shared/market_data beside the checkout."""
    named = os.environ.get("PRAYA_TEST_PRICES")
    folder = Path(named) if named else ROOT.parent / "shared" / "market_data"
    if not folder.is_dir():
        pytest.skip(f"no price files at {folder}; set PRAYA_TEST_PRICES to a folder of them")
    return folder


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    """A real RabbitMQ: PRAYA_TEST_AMQP_URL, or the usual local one."""
    return _answering("PRAYA_TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//", 5672)


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A real Redis or Valkey: PRAYA_TEST_REDIS_URL, or the usual local one (its database 15)."""
    return _answering("PRAYA_TEST_REDIS_URL", "redis://127.0.0.1:6379/15", 6379)


def _answering(variable: str, usual: str, port: int) -> str:
    if url := os.environ.get(variable):
        return url
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        pytest.skip(f"nothing listens on 127.0.0.1:{port}; set {variable} to use another")
    return usual
