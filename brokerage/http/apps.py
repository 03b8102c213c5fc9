"""What every edge stands on: gate, pages, the REST contract, webhooks."""

from brokerage.ledger.apps import LedgerAppConfig


class HttpConfig(LedgerAppConfig):
    """What every edge stands on; its events say who is told of events by webhook."""

    default = True
    name = "brokerage.http"
    label = "http"
