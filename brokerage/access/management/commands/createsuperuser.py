"""Django's command of this name is refused: nobody holds all rights here."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.core.management.base import CommandError


class Command(createsuperuser.Command):
    """Takes what Django's takes, and says what to use instead."""

    help = "Refused: rights come from roles. Use `staff add`."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse."""
        raise CommandError(
            "Nobody holds all rights: they come from roles. "
            "Use `manage.py staff add NAME --person NUMBER --role ROLE`."
        )
