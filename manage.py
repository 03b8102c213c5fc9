#!/usr/bin/env python
"""Praya's command line: `python manage.py help`."""

import os
import sys

OFFLINE = {"help", "version", "doctor", "compliance", "collectstatic", "makemessages", "compilemessages"}


def main(arguments: list[str]) -> None:
    """Run one command; embedded servers are started first unless addresses are given or none is needed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerage.config.settings")
    try:
        from django.core.management import execute_from_command_line

        from brokerage.config import database, embedded
    except ImportError as error:
        raise SystemExit(f"{error}. Run `make run`, or install requirements.txt.") from error
    try:
        if len(arguments) > 1 and arguments[1] not in OFFLINE:
            servers = embedded.provide()
            database.take_role(arguments[1:], servers.database_url)
    except embedded.Unusable as error:
        raise SystemExit(str(error)) from error
    execute_from_command_line(arguments)


if __name__ == "__main__":
    main(sys.argv)
