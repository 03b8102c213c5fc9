"""manage.py seed_demo: a demonstration broker, once."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from brokerage.access.commands import open_login
from brokerage.access.models import User
from brokerage.config import demo, folder, processes, seeding
from brokerage.ledger import seams
from brokerage.ledger.models import Entry


class Command(BaseCommand):
    """Invent a broker with sixty margin clients and a fortnight of prices, through real commands."""

    help = "Seeds the demonstration once; running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed the book, then the logins; refuses outside a demonstration."""
        if not settings.DEMO:
            raise CommandError(
                "seed_demo invents clients. It runs only with PRAYA_DEMO=1 or embedded servers."
            )
        if User.objects.filter(username=demo.ROLES[0]).exists():
            self.stdout.write("praya: the demonstration is there already")
        elif Entry.objects.exists():
            raise CommandError(
                "The book is not empty: setting up was interrupted, or other business is in it. "
                f"Delete {settings.DATA_DIR} (or empty the database of DATABASE_URL) and start again."
            )
        else:
            now = seams.now()
            story = seeding.tell(now)
            for _ in tqdm(story, total=seeding.steps(now), desc="demonstration", unit="slot"):
                continue
        path = folder.opened(settings.DATA_DIR) / "demo-logins.txt"
        if fresh := _logins():
            _keep(path, fresh)
            self.stdout.write("".join(fresh))
        self.stdout.write(f"praya: the demonstration's logins are in {path}")


def _logins() -> list[str]:
    """One login for each role, two for operations, with random passwords; those that are missing only."""
    lines = []
    for number, role in enumerate(demo.ROLES):
        name = f"{role}-checker" if role in demo.ROLES[:number] else role
        if User.objects.filter(username=name).exists():
            continue
        lines.append(f"{name:20} {open_login(name, [role]):20} {role}\n")
    return lines


def _keep(path: Path, lines: list[str]) -> None:
    known = path.read_text() if path.exists() else ""
    processes.private_file(path, known + "".join(lines))
