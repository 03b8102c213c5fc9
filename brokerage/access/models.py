"""Logins. A person may hold several; dual control compares persons, never logins."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from brokerage.ledger import seams


class User(AbstractUser):
    """One login of one person."""

    person = models.UUIDField(
        default=seams.new_id,
        help_text="The human being behind the login; shared by all logins of that human.",
    )

    class Meta(AbstractUser.Meta):
        permissions = (
            ("see_margin", "See margin accounts, their calls and their figures"),
            ("see_ledger", "Read the ledger: entries, events, postings, seals"),
            ("see_jobs", "See runs of jobs and parked items"),
            ("see_reference", "See instruments, prices, policies and other reference data"),
        )
