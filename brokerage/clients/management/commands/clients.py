"""`manage.py clients screening-list FILE`: put a sanctions or PEP list in force."""

import os
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from brokerage.clients.commands.screening import adopt_screening_list
from brokerage.clients.rules.screening_csv import HEADER, content_hash
from brokerage.ledger import seams
from brokerage.ledger.commands import NothingToDo
from brokerage.ledger.entry import Context, Source
from brokerage.ledger.refusal import Refused


def day(text: str) -> date:
    """2026-11-22. Raises ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date; write 2026-11-22") from error


class Command(BaseCommand):
    """Thin: parses, commands the clients room, prints."""

    help = "Puts a screening list in force; everybody is then screened again by a job."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`screening-list FILE --dated DATE --source NAME`."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verb = verbs.add_parser("screening-list", help=f"take in a file of {HEADER}, whole or not at all")
        verb.add_argument("file", type=Path, metavar="FILE")
        verb.add_argument("--dated", type=day, required=True, metavar="DATE", help="the list's own date")
        verb.add_argument("--source", required=True, metavar="NAME", help="who publishes the list")

    def handle(self, *args: Any, file: Path, dated: date, source: str, **options: Any) -> None:
        """Do it, or say why not; the same file again does nothing."""
        try:
            content = file.read_bytes()
            version = content_hash(content)
            context = Context(
                actor=f"shell:{os.getuid()}",
                source=Source.IMPORT,
                key=f"clients.screening-list:{version}",
                effective_at=seams.now(),
            )
            receipt = adopt_screening_list(context, content=content, dated=dated, source=source)
        except NothingToDo:
            self.stdout.write(f"{file.name}: was adopted before")
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        else:
            done = "was adopted before" if receipt.replayed else f"in force as {version[:12]}"
            self.stdout.write(f"{file.name}: {done}")
