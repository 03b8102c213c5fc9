#!/usr/bin/env python
"""Praya's command line: `python manage.py help`."""

import os
import sys

HELP = {"-h", "--help"}
OFFLINE = {"help", "version", "doctor", "compliance", "collectstatic", "makemessages", "compilemessages"}


def main(arguments: list[str]) -> None:
    """Run one command; embedded servers are started first unless addresses are given or none is needed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerage.config.settings")
    try:
        import psycopg
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError

        from brokerage.config import database, embedded
    except ImportError as error:
        raise SystemExit(f"{error}. Run `make run`, or install requirements.txt.") from error
    try:
        if needs_servers(arguments[1:]):
            servers = embedded.provide()
            database.take_role(arguments[1:], servers.database_url)
    except (embedded.Unusable, psycopg.Error) as error:
        raise ended(error) from error
    try:
        execute_from_command_line(arguments)
    except (embedded.Unusable, ImproperlyConfigured, OperationalError) as error:
        raise ended(error) from error


def needs_servers(words: list[str]) -> bool:
    """Whether a command line after `manage.py` does more than say something."""
    return bool(words) and words[0] not in OFFLINE and not HELP.intersection(words)


def ended(error: Exception) -> SystemExit:
    """The end of the program with an error's message and cures instead of its traceback."""
    return SystemExit("\n".join([str(error).strip(), *getattr(error, "__notes__", ())]))


if __name__ == "__main__":
    main(sys.argv)
