"""What the firm keeps for its clients, and with whom."""

from brokerage.ledger.apps import LedgerAppConfig


class CustodyConfig(LedgerAppConfig):
    """What the firm keeps for its clients, and with whom."""

    default = True
    name = "custody"
