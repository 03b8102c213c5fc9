"""manage.py seed_demo: a demonstration broker, once."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from brokerage.access import factors
from brokerage.access.commands import choose_password, open_client_login, open_login
from brokerage.access.commands.passwords import mark
from brokerage.access.commands.stays import add_factor, own
from brokerage.access.events.logins import Factor
from brokerage.access.models import User
from brokerage.access.rules import Role
from brokerage.config import demo, folder, processes, seeding
from brokerage.config.welcome import holder
from brokerage.ledger import seams
from brokerage.ledger.entry import Context, Source
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
        if fresh := [*_staff(), *_clients()]:
            _keep(path, fresh)
            self.stdout.write("".join(fresh))
        self.stdout.write(f"praya: the demonstration's logins are in {path}")


def _staff() -> Iterator[str]:
    """One login for each role, two for operations, as lines; those that are missing only."""
    for number, role in enumerate(demo.ROLES):
        name = f"{role}-checker" if role in demo.ROLES[:number] else role
        if not User.objects.filter(username=name).exists():
            open_login(name, [role], reference=name)
            user, password = User.objects.get(username=name), secrets.token_urlsafe(12)
            encoded = make_password(password)
            choose_password(own(user), login=user.pk, seen=mark(user), encoded=encoded)
            yield _line(name, password, role)


def _clients() -> Iterator[str]:
    """Logins of the people behind clients with a part in the story, as lines; those that are missing only."""
    for name, reference in demo.HOLDERS.items():
        if not User.objects.filter(username=name).exists():
            password = secrets.token_urlsafe(12)
            open_client_login(name, holder(reference, _by_two), password)
            yield _line(name, password, Role.CLIENT)


def _by_two(key: str) -> Context:
    return Context(
        actor=seeding.ACTOR,
        source=Source.IMPORT,
        key=f"demo:{key}",
        effective_at=seams.now(),
        maker=UUID(int=1),
        checker=UUID(int=2),
    )


def _line(name: str, password: str, role: str) -> str:
    """Give the login an app, so that it has its second factor, and write down what opens it."""
    secret, user = factors.new_secret(), User.objects.get(username=name)
    data = {"secret": factors.sealed_secret(secret)}
    add_factor(own(user), login=user.pk, factor=Factor.TOTP, data=data, stay=None)
    return f"{name:20} {password:20} {role:20} {secret}\n"


def _keep(path: Path, lines: list[str]) -> None:
    known = path.read_text() if path.exists() else ""
    processes.private_file(path, known + "".join(lines))
