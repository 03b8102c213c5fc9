"""manage.py staff add NAME --person NUMBER --role ROLE: a login for a member of staff."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from brokerage.access import factors, letters
from brokerage.access.commands import close_login, open_login
from brokerage.access.models import User
from brokerage.ledger.refusal import Refused


class Command(BaseCommand):
    """Open, close and list the logins of staff."""

    help = (
        "Logins of staff: add NAME --person NUMBER --role ROLE [--role ROLE] | link NAME | close NAME | "
        "code NAME | list"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """One of these actions."""
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="a new login; prints a link to choose its password")
        add.add_argument("name")
        add.add_argument(
            "--person", required=True, help="the firm's own number of the human, the same for all his logins"
        )
        add.add_argument("--another", action="store_true", help="the person keeps another open login as well")
        add.add_argument("--role", action="append", required=True, help="operations, credit, ...")
        link = actions.add_parser("link", help="another such link, for a login that has no password yet")
        link.add_argument("name")
        actions.add_parser("close", help="the login stops working at once").add_argument("name")
        code = actions.add_parser("code", help="the next code of a login's app; in a demonstration only")
        code.add_argument("name")
        actions.add_parser("list", help="every login of staff with its roles")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Do it, or say why not."""
        try:
            if action == "add":
                name, another = options["name"], options["another"]
                open_login(name, options["role"], options["person"], another=another)
                self.stdout.write(f"{name}  {self._link(name)}")
            elif action == "link":
                self.stdout.write(self._link(options["name"]))
            elif action == "code":
                self.stdout.write(self._code(options["name"]))
            elif action == "close":
                close_login(options["name"])
            else:
                self._list()
        except Refused as refusal:
            raise CommandError(refusal.message) from refusal

    def _link(self, name: str) -> str:
        user = User.objects.filter(username=name, is_staff=True, is_active=True).first()
        if user is None or user.has_usable_password():
            raise CommandError(f"There is no open login of staff {name} that waits for its password.")
        return letters.way_in(user)

    def _code(self, name: str) -> str:
        if not settings.DEMO:
            raise CommandError("People's own apps show codes; this prints them in a demonstration only.")
        user = User.objects.filter(username=name).first()
        code = factors.next_code(user) if user else None
        if code is None:
            raise CommandError(f"There is no login {name} with an app.")
        return code

    def _list(self) -> None:
        for user in User.objects.filter(is_staff=True).order_by("username"):
            roles = ", ".join(user.groups.order_by("name").values_list("name", flat=True))
            state = "" if user.is_active else "closed, "
            self.stdout.write(f"{user.username:24} {user.reference or '–':16} {state}{roles}")
