"""From a PostgreSQL address to Django's settings, and the two roles the house knows.

`praya_owner` owns the schema: it migrates, rebuilds and runs the tests. `praya_app` runs the
product and may only add to the book. Neither logs in; the login of the address is a member of both
and takes one on at connect.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

OWNER = "praya_owner"
APP = "praya_app"
_LIBPQ = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_TCP_USER_TIMEOUT_MS = 30_000


def django_database(url: str, *, role: str, statement_timeout: str = "0") -> dict[str, Any]:
    """Django's entry for a libpq address: role, durability and bounds on every wait are set at connect.

    `statement_timeout` is PostgreSQL's, with unit. The owner works long inside one transaction
    (migrations, rebuild), so only the product's idle transactions are ended.
    """
    parts = conninfo_to_dict(url)
    waits = {
        "role": role,
        "synchronous_commit": "on",
        "lock_timeout": "3s",
        "statement_timeout": statement_timeout,
        "idle_in_transaction_session_timeout": "0" if role == OWNER else "30s",
    }
    options = " ".join(f"-c {name}={value}" for name, value in waits.items() if value)
    extra = {name: value for name, value in parts.items() if name not in _DJANGO_NAMES}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{django: str(parts.get(libpq) or "") for libpq, django in _DJANGO_NAMES.items()},
        "OPTIONS": {**_LIBPQ, "tcp_user_timeout": _TCP_USER_TIMEOUT_MS, **extra, "options": options},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def prepare(url: str, *, creates_databases: bool = False) -> None:
    """Create the two roles where they are missing, and let the login take them on.

    Run before the schema is touched; running it again changes nothing. `creates_databases` lets the
    owner make test databases. Raises psycopg.Error when the login may not do this, with the
    statements an administrator can run instead in the notes of the exception.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        for role in (OWNER, APP):
            name = sql.Identifier(role)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                _run(connection, sql.SQL("CREATE ROLE {} NOLOGIN").format(name))
            if not _may_become(connection, name):
                _run(connection, sql.SQL("GRANT {} TO CURRENT_USER").format(name))
        database = sql.Identifier(connection.info.dbname)
        owner = sql.Identifier(OWNER)
        if connection.execute(
            "SELECT NOT has_database_privilege(%s, current_database(), 'CREATE')"
            " OR NOT has_schema_privilege(%s, 'public', 'CREATE')",
            [OWNER, OWNER],
        ).fetchone() == (True,):
            _run(connection, sql.SQL("GRANT ALL ON DATABASE {} TO {}").format(database, owner))
            _run(connection, sql.SQL("GRANT ALL ON SCHEMA public TO {}").format(owner))
        if creates_databases:
            _run(connection, sql.SQL("ALTER ROLE {} CREATEDB").format(owner))


def take_role(words: Sequence[str], url: str) -> None:
    """For manage.py: commands that own the schema run as praya_owner, without a statement time-out."""
    if owns_schema(words):
        os.environ.setdefault("PRAYA_DB_ROLE", OWNER)
        os.environ.setdefault("PRAYA_STATEMENT_TIMEOUT", "0")
        prepare(url)


def owns_schema(words: Sequence[str]) -> bool:
    """Whether a command line after `manage.py` makes or changes the schema, or rewrites read models whole."""
    return words[0] in {"migrate", "flush"} or tuple(words[:2]) in {
        ("ledger", "rebuild"),
        ("ledger", "settle"),
        ("margin", "replay"),
    }


def _may_become(connection: psycopg.Connection[Any], role: sql.Identifier) -> bool:
    """Since PostgreSQL 16 the creator of a role administers it but may not yet take it on: so try."""
    try:
        connection.execute(sql.SQL("SET ROLE {}").format(role))
    except psycopg.errors.InsufficientPrivilege:
        return False
    connection.execute("RESET ROLE")
    return True


def _run(connection: psycopg.Connection[Any], statement: sql.Composed) -> None:
    try:
        with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):  # made a moment ago
            connection.execute(statement)
    except psycopg.Error as error:
        error.add_note(f"An administrator of the server can run: {statement.as_string(connection)};")
        raise
