"""The market room."""

from brokerage.ledger.apps import LedgerAppConfig


class MarketConfig(LedgerAppConfig):
    """Instruments, prices, rates and calendars."""

    default = True
    name = "brokerage.market"
