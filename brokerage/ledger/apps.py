"""The application config every room with events derives from."""

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class LedgerAppConfig(AppConfig):
    """Imports the room's `events`, `projections` and `holdings`, so that the registries know them."""

    default = False

    def ready(self) -> None:
        for module in ("events", "projections", "holdings"):
            if find_spec(f"{self.name}.{module}"):
                import_module(f"{self.name}.{module}")


class LedgerConfig(LedgerAppConfig):
    """The book of record."""

    default = True
    name = "brokerage.ledger"
    label = "ledger"
