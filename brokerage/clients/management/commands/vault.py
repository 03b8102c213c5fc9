"""`manage.py vault rotate`: personal data's keys under the newest key of PRAYA_KEYS."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from brokerage.clients import vault


class Command(BaseCommand):
    """Thin: parses, runs, prints."""

    help = (
        "Wraps the keys of personal data again under the newest key of PRAYA_KEYS; safe to run at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`vault rotate`."""
        parser.add_argument("verb", choices=["rotate"])

    def handle(self, **options: Any) -> None:
        """Rotate with a progress bar and say how many keys moved."""
        with tqdm(total=len(vault.stale()), unit="key", disable=not options["verbosity"]) as bar:
            count = vault.rotate(bar.update)
        self.stdout.write(f"praya: {count} keys are now under the newest key")
