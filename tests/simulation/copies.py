"""Databases copied from a furnished one: each seed starts in the same firm, in a few milliseconds."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

ALIAS = "default"


def copy(source: str, target: str) -> None:
    """Make `target` as a copy of `source`, to which nobody may be connected."""
    _alone(f'DROP DATABASE IF EXISTS "{target}"', f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


def drop(name: str) -> None:
    """Remove a database."""
    _alone(f'DROP DATABASE IF EXISTS "{name}"')


@contextmanager
def working_in(name: str) -> Iterator[None]:
    """Django's connection leads to the database `name` inside the block."""
    usual = connections[ALIAS]
    made = connections.create_connection(ALIAS)
    made.settings_dict = {**usual.settings_dict, "NAME": name}
    connections[ALIAS] = made
    try:
        yield
    finally:
        made.close()
        connections[ALIAS] = usual


def _alone(*statements: str) -> None:
    with connections[ALIAS]._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
