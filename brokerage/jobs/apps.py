"""Runs, shards, outbox and parked items: work that PostgreSQL holds."""

from brokerage.ledger.apps import LedgerAppConfig


class JobsConfig(LedgerAppConfig):
    """Runs, shards, outbox and parked items: work that PostgreSQL holds."""

    default = True
    name = "brokerage.jobs"
