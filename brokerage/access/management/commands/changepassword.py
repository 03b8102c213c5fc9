"""Django's command of this name is refused: a password changes by a command of the product's own."""

from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.core.management.base import CommandError


class Command(changepassword.Command):
    """Takes what Django's takes, and says what to do instead."""

    help = "Refused: it would leave sessions open and tell nobody. Use `staff close` and `staff add`."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse."""
        raise CommandError(
            "This would end no session and tell nobody. People change their password at the desk or in the "
            "portal, and two of the staff reset the login of whoever is locked out. Where nobody can, use "
            "`manage.py staff close NAME`, then `manage.py staff add`."
        )
