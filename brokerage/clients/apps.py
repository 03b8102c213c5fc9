"""Who the firm deals with, and in which capacity."""

from brokerage.ledger.apps import LedgerAppConfig


class ClientsConfig(LedgerAppConfig):
    """Who the firm deals with, and in which capacity."""

    default = True
    name = "brokerage.clients"
