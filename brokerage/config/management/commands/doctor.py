"""manage.py doctor"""

from typing import Any

from django.core.management.base import BaseCommand

from brokerage.config.doctor import findings


class Command(BaseCommand):
    """Print what was looked at; exit code 1 when something needs mending."""

    help = "What is missing on this machine, and how to mend it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        ill = 0
        for finding in findings():
            self.stdout.write(f"{'ok  ' if finding.well else 'MEND'}  {finding.seen}")
            if not finding.well:
                ill += 1
                if finding.cure:
                    self.stdout.write(f"      -> {finding.cure}")
        if ill:
            raise SystemExit(1)
