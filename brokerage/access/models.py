"""Logins. A person may hold several; dual control compares persons, never logins."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from brokerage.ledger import seams


class User(AbstractUser):
    """One login of one person."""

    person = models.UUIDField(
        default=seams.new_id, help_text="The human being behind the login; shared by all logins of that human."
    )
