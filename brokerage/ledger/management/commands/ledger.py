"""`manage.py ledger verify | rebuild | settle | seal | snapshot | export | tail`."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from brokerage.ledger import browse, codec, feed, integrity, rebuild, seals, snapshots
from brokerage.ledger.export import export
from brokerage.ledger.models import Event
from brokerage.ledger.refusal import Refused
from brokerage.ledger.registry import Audience, Recorded

WRONG = 1
REFUSED = 2
HIDDEN = "unknown"


class Command(BaseCommand):
    """Thin: parses, calls the ledger, prints. Exit code 1 says that something is wrong with the book."""

    help = "Looks after the book of record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One verb each, with its options."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        verb = verbs.add_parser("verify", help="recompute every hash, seal and sum; exit 1 if any is wrong")
        verb.add_argument("--exported", type=Path, metavar="FILE", help="an export kept off the database")
        verb = verbs.add_parser("rebuild", help="replay all events into fresh read models and balances")
        verb.add_argument("--check", action="store_true", help="compare only; exit 1 if anything differs")
        verbs.add_parser("settle", help="after a restore: seal what was restored and open a new epoch")
        verbs.add_parser("seal", help="close the window of finished transactions")
        verbs.add_parser("snapshot", help="snapshot all balances up to the newest event")
        verb = verbs.add_parser("export", help="write the sealed book as JSON lines")
        verb.add_argument("file", type=Path, help="- for standard output")
        verb.add_argument("--until", type=int, metavar="POSITION", help="stop after the block that holds it")
        verb.add_argument("--restricted", action="store_true", help="with what only compliance may see")
        verb = verbs.add_parser("tail", help="print events by position")
        verb.add_argument("--after", type=int, metavar="POSITION", help="default: the last 20 events")
        verb.add_argument("--follow", action="store_true", help="go on as events are sealed, until Ctrl-C")

    def handle(self, *, verb: str, **options: Any) -> None:
        """Run the verb; a refusal is printed with its code."""
        try:
            getattr(self, f"_{verb}")(**options)
        except Refused as refusal:
            raise CommandError(f"{refusal.message} [{refusal.code}]", returncode=REFUSED) from refusal

    def _verify(self, *, exported: Path | None, verbosity: int, **_: Any) -> None:
        with _bar(verbosity, Event.objects.count()) as bar:
            findings = integrity.verify(exported=exported, progress=bar.update)
        for finding in findings:
            self.stdout.write(f"{finding.table} {finding.key}: {finding.what}")
        if findings:
            raise CommandError(f"{len(findings)} findings: the book was changed", returncode=WRONG)
        self.stdout.write(f"{Event.objects.count()} events verified up to position {feed.head()}: no finding")

    def _rebuild(self, *, check: bool, verbosity: int, **_: Any) -> None:
        with _bar(verbosity, Event.objects.count()) as bar:
            rebuilt = rebuild.rebuild(check=check, progress=bar.update)
        for table, rows in rebuilt.differences.items():
            self.stdout.write(f"{table}: {rows} rows {'differ' if check else 'were wrong and are replaced'}")
        if check and not rebuilt.identical:
            raise CommandError("the read models are not what the events add up to", returncode=WRONG)
        self.stdout.write(
            f"{rebuilt.events} events replayed, {'identical' if rebuilt.identical else 'replaced'};"
            f" state hash {rebuilt.state_hash}"
        )

    def _settle(self, **_: Any) -> None:
        self.stdout.write(f"{seals.settle()} events settled; epoch {_epoch()}, position {feed.head()}")

    def _seal(self, **_: Any) -> None:
        self.stdout.write(f"{seals.seal()} events sealed; epoch {_epoch()}, position {feed.head()}")
        if held := seals.blocker():
            since = f"{held.since:%H:%M:%S}" if held.since else HIDDEN
            self.stdout.write(
                f"later events wait for process {held.pid} ({held.application or held.database or HIDDEN},"
                f" {held.state or HIDDEN}), whose transaction is open since {since}"
            )

    def _snapshot(self, **_: Any) -> None:
        number = snapshots.take()
        self.stdout.write("nothing new since the last run" if number is None else f"run {number} taken")

    def _export(self, *, file: Path, until: int | None, restricted: bool, verbosity: int, **_: Any) -> None:
        audiences = frozenset(Audience) if restricted else browse.OPEN
        if str(file) == "-":
            export(sys.stdout, until=until, audiences=audiences)
            return
        draft = file.with_name(f"{file.name}.part")
        with draft.open("w", encoding="utf-8") as lines, _bar(verbosity, until or feed.head()) as bar:
            position = export(lines, until=until, audiences=audiences, progress=bar.update)
        draft.replace(file)
        self.stdout.write(f"exported up to position {position} into {file}")

    def _tail(self, *, after: int | None, follow: bool, **_: Any) -> None:
        hidden = browse.hidden(browse.OPEN)  # a terminal is no place for what only compliance may see
        cursor = max(feed.head() - 20, 0) if after is None else after
        try:
            while True:
                page = feed.page(cursor, 500)
                for item in page.events:
                    if item.kind not in hidden:
                        self.stdout.write(_line(item))
                cursor = page.cursor
                if not page.has_more and not follow:
                    return
                if not page.has_more:
                    time.sleep(1)
        except KeyboardInterrupt:
            return


def _epoch() -> int:
    epoch = seals.current_epoch()
    return epoch.number if epoch else 0


def _line(item: Recorded) -> str:
    data = codec.canonical(item.event)
    return f"{item.position} {codec.instant_text(item.effective_at)} {item.kind} {item.reference} {data}"


@contextmanager
def _bar(verbosity: int, events: int) -> Iterator[Any]:
    with tqdm(total=events, unit="event", unit_scale=True, disable=not verbosity) as bar:
        yield bar
