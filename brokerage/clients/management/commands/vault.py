"""`manage.py vault rotate`: personal data's keys, and those of texts, under the newest key of PRAYA_KEYS."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from brokerage.clients import sealed, vault


class Command(BaseCommand):
    """Thin: parses, runs, prints."""

    help = (
        "Wraps the keys of personal data, and of texts about cases and complaints, again under the newest key"
        " of PRAYA_KEYS; safe to run at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`vault rotate`."""
        parser.add_argument("verb", choices=["rotate"])

    def handle(self, **options: Any) -> None:
        """Rotate with a progress bar and say how many keys moved; an interrupted run may be repeated."""
        waiting: list[tuple[Callable[[UUID], None], UUID]]
        waiting = [(vault.rewrap, person) for person in vault.stale()]
        waiting += [(sealed.rewrap, text) for text in sealed.stale()]
        for rewrap, each in tqdm(waiting, unit="key", disable=not options["verbosity"]):
            with transaction.atomic():
                rewrap(each)
        self.stdout.write(f"praya: {len(waiting)} keys are now under the newest key")
