"""People and machines that may act, and what they may do."""

from brokerage.ledger.apps import LedgerAppConfig


class AccessConfig(LedgerAppConfig):
    """People and machines that may act, and what they may do."""

    default = True
    name = "brokerage.access"
