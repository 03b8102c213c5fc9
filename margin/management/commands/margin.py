"""`manage.py margin replay`: a generated book through real daily prices."""

from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from tqdm import tqdm

from brokerage.ledger.refusal import Refused
from brokerage.market.rules.price_csv import HEADER
from margin.replay import picture, report
from margin.replay.firm import FILES
from margin.replay.run import Plan, replay


class Command(BaseCommand):
    """Thin: parses, runs, prints."""

    help = "Carries a generated book of margin clients through a folder of real daily prices."
    needs = f"The folder holds {', '.join(FILES.values())}, each with the columns {HEADER}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`replay --prices DIR --from DAY --to DAY --clients N [--seed N] [--picture FILE]`."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verb = verbs.add_parser("replay", help="replay a book into an empty ledger", epilog=self.needs)
        verb.add_argument("--prices", type=Path, required=True, help="folder of daily price files")
        verb.add_argument("--from", dest="start", type=date.fromisoformat, required=True, metavar="DAY")
        verb.add_argument("--to", dest="end", type=date.fromisoformat, required=True, metavar="DAY")
        verb.add_argument("--clients", type=int, default=1000)
        verb.add_argument("--seed", type=int, default=1)
        verb.add_argument("--picture", type=Path, default=Path("replay.svg"), help="where the SVG goes")

    def handle(self, **options: Any) -> None:
        """Replay with a progress bar, into a new database too; print the report; write the picture."""
        if not connection.introspection.table_names():
            call_command("migrate", verbosity=0)
        plan = Plan(**{name: options[name] for name in ("prices", "start", "end", "clients", "seed")})
        try:
            with tqdm(list(plan.days()), unit="day", disable=not options["verbosity"]) as bar:
                replayed = replay(plan, lambda day: bar.update())
        except Refused as refusal:
            raise CommandError(f"{refusal.message} [{refusal.code}]") from refusal
        options["picture"].write_text(picture.draw(replayed.days), encoding="utf-8")
        self.stdout.write(report.text(replayed))
        self.stdout.write(f"picture: {options['picture']}")
