"""`manage.py compliance`: write docs/compliance.md from the source and its tests."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reporting import compliance


class Command(BaseCommand):
    """Thin: reads the source, writes the page, names what is wrong."""

    help = "Writes the compliance page: each rule, where it is enforced, and the tests that prove it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`[--check]`."""
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the page is stale")

    def handle(self, *, check: bool, **options: Any) -> None:
        """Write the page, or compare it; exit code 1 when it is stale or a rule lacks its proof."""
        root: Path = settings.BASE_DIR
        target = root / "docs/compliance.md"
        found = compliance.survey(root)
        text = compliance.page(found)
        wrong = compliance.faults(found)
        if not check:
            target.write_text(text, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != text:
            wrong.append("docs/compliance.md is stale: run `manage.py compliance`")
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write(f"{target.relative_to(root)}: {len(found.proved)} rules, each with its tests")
