"""A room that exists for the drills only."""

from brokerage.ledger.apps import LedgerAppConfig


class DrillConfig(LedgerAppConfig):
    """Payments with known keys, a job every two seconds and messages that act."""

    default = True
    name = "tests.drills.room"
    label = "drill"
