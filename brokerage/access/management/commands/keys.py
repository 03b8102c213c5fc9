"""`manage.py keys reseal`: all that is sealed goes under the newest key of PRAYA_KEYS."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from brokerage.access import envelope, resealing


class Command(BaseCommand):
    """Thin: parses, runs, prints."""

    help = "Seals everything again under the newest key of PRAYA_KEYS; safe to run at any time, and again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`keys reseal`."""
        parser.add_argument("verb", choices=["reseal"])

    def handle(self, **options: Any) -> None:
        """Do it with a progress bar and count what was moved, by what it is."""
        try:
            found = resealing.waiting()
            whole = sum(map(len, found.values()))
            bar = tqdm(resealing.reseal(found), total=whole, unit="secret", disable=not options["verbosity"])
            done = Counter(bar)
        except envelope.Unreadable as error:
            raise CommandError(f"{error}. Put that key back into PRAYA_KEYS and start again.") from error
        for name in found:
            self.stdout.write(f"{name:24} {done[name]:8}")
        self.stdout.write(f"praya: all of it is under key {envelope.newest_key()}")
