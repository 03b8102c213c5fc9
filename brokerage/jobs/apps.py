"""Runs, shards, outbox and parked items: work that PostgreSQL holds."""

from django.utils.module_loading import autodiscover_modules

from brokerage.ledger.apps import LedgerAppConfig


class JobsConfig(LedgerAppConfig):
    """Runs, shards, outbox and parked items: work that PostgreSQL holds."""

    default = True
    name = "brokerage.jobs"

    def ready(self) -> None:
        """Know the jobs and message handlers of every room, in every kind of process."""
        super().ready()
        autodiscover_modules("tasks")
