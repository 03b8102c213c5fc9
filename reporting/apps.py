"""What the firm tells clients and authorities."""

from brokerage.ledger.apps import LedgerAppConfig


class ReportingConfig(LedgerAppConfig):
    """What the firm tells clients and authorities."""

    default = True
    name = "reporting"
