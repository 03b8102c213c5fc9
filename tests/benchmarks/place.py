"""One throwaway PostgreSQL for all contestants, flushing to disk, with a database for each of them."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]


class Place:
    """The cluster, and Django's connection that moves from one of its databases to another."""

    def __init__(self, server_url: str) -> None:
        self._server = server_url

    def url(self, database: str) -> str:
        """The address of one of the databases, entered as superuser."""
        return re.sub(r"/[^/]*$", f"/{database}", self._server)

    def create(self, database: str, *, template: str | None = None) -> str:
        """A new database, empty or a copy of another; returns its address."""
        clause = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)) + clause)
        return self.url(database)

    def use(self, database: str, *, role: str = "praya_app") -> None:
        """A fresh copy of the product's empty database under that name, for Django from here on."""
        from django.db import connection

        from brokerage.config import database as roles

        connection.close()
        roles.prepare(self.create(database, template="praya"))
        self.enter(database, role=role)

    def enter(self, database: str, *, role: str = "praya_app") -> None:
        """Point Django at an existing database, as one of the product's roles."""
        from django.db import connection

        connection.close()
        connection.settings_dict["NAME"] = database
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))

    @property
    def version(self) -> str:
        """The server's version."""
        with psycopg.connect(self._server) as connection:
            return str(connection.execute("SHOW server_version").fetchone()[0])


@contextmanager
def prepared() -> Iterator[Place]:
    """Start the cluster, migrate the product's template database and set Django up on it."""
    from brokerage.config import database
    from brokerage.config.postgres import throwaway_cluster

    with throwaway_cluster(durable=True) as cluster, tempfile.TemporaryDirectory() as folder:
        place = Place(cluster.url())
        address = place.create("praya")
        os.environ |= {
            "PRAYA_DEMO": "1",
            "PRAYA_DATA_DIR": folder,
            "DATABASE_URL": address,
            "CELERY_BROKER_URL": "memory://",
            "PRAYA_STATEMENT_TIMEOUT": "0",
            "LOG_LEVEL": "WARNING",
            "PRAYA_QUOTA_ADDRESS": str(10**9),
            "PRAYA_QUOTA_LOGIN": str(10**9),
            "DJANGO_SETTINGS_MODULE": "brokerage.config.settings",
        }
        database.prepare(address)
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, check=True)
        import django

        django.setup()
        yield place
