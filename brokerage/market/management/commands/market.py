"""`manage.py market import | adopt`: prices by hand, where no feed brings them."""

import os
import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from brokerage.ledger import seams
from brokerage.ledger.entry import Context, Source
from brokerage.ledger.refusal import Refused
from brokerage.market import queries
from brokerage.market.commands import adopt_price_set, import_prices
from brokerage.market.rules.fx import FxRate
from brokerage.market.rules.price_csv import HEADER, content_hash

RATE = re.compile(r"([A-Z]{3})/([A-Z]{3})=([0-9]+(?:\.[0-9]+)?)")


def rate(text: str) -> FxRate:
    """USD/HKD=7.80: one US dollar costs 7.80 Hong Kong dollars. Raises ArgumentTypeError."""
    found = RATE.fullmatch(text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no rate; write USD/HKD=7.80")
    return FxRate(base=found[1], quote=found[2], rate=Decimal(found[3]))


def instant(text: str) -> datetime:
    """2025-06-30T16:00+08:00, with its offset from UTC. Raises ArgumentTypeError."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} is no instant; write 2025-06-30T16:00+08:00")
    return read


class Command(BaseCommand):
    """Thin: parses, commands the market room, prints."""

    help = "Imports files of daily prices; adopts the prices that count at an instant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`import --instrument CODE --source NAME FILE...` and `adopt --slot INSTANT --rate PAIR=RATE...`."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verb = verbs.add_parser("import", help=f"take in files of {HEADER}; the same file again does nothing")
        verb.add_argument("--instrument", required=True, metavar="CODE")
        verb.add_argument("--source", required=True, metavar="NAME", help="who publishes these prices")
        verb.add_argument("files", type=Path, nargs="+", metavar="FILE")
        verb = verbs.add_parser("adopt", help="adopt the newest good price of every instrument, as one set")
        verb.add_argument("--slot", type=instant, required=True, metavar="INSTANT")
        verb.add_argument("--rate", type=rate, action="append", default=[], metavar="USD/HKD=7.80")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        """Do it, or say why not; files before a bad one are in."""
        try:
            if verb == "import":
                self._import(options["instrument"], options["source"], options["files"])
            else:
                self._adopt(options["slot"], options["rate"])
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error

    def _import(self, instrument: str, source: str, files: Sequence[Path]) -> None:
        for path in files:
            content = path.read_bytes()
            context = _context(f"market.import:{source}:{instrument}:{content_hash(content)}", Source.IMPORT)
            receipt = import_prices(context, instrument=instrument, source=source, content=content)
            said = "was imported before" if receipt.replayed else f"{receipt.value} new closes"
            self.stdout.write(f"{path.name}: {said}")

    def _adopt(self, slot: datetime, rates: Sequence[FxRate]) -> None:
        context = _context(f"market.adopt:{seams.new_id()}", Source.STAFF)
        adopted = queries.price_set(adopt_price_set(context, slot=slot, rates=tuple(rates)).value)
        self.stdout.write(
            f"price set {adopted.id}, slot {adopted.slot:%Y-%m-%d %H:%M}Z, revision {adopted.revision}"
        )


def _context(key: str, source: Source) -> Context:
    """In the name of the machine's user, who has the database's login."""
    return Context(actor=f"shell:{os.getuid()}", source=source, key=key, effective_at=seams.now())
