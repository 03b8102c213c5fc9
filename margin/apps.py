"""Credit against collateral: limits, calls, sales and interest."""

from brokerage.ledger.apps import LedgerAppConfig


class MarginConfig(LedgerAppConfig):
    """Credit against collateral: limits, calls, sales and interest."""

    default = True
    name = "margin"
