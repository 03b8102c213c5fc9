"""Example data made by running the commands: no test can invent a holding without its event.

`BankFactory()` and the rest return what the command returned, usually an id.
"""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import factory

from brokerage.clients import commands as clients
from brokerage.clients.rules.status import Classification, ClientType
from brokerage.ledger import seams
from brokerage.ledger.commands import Command
from brokerage.ledger.entry import Context, Source
from brokerage.market.commands import reference as market
from brokerage.market.rules.instruments import AssetClass, Terms
from custody import commands as custody
from custody.rules import AccountKind, CustodianKind, Licence


def context(**changes: Any) -> Context:
    """A context of a test's own: fresh key, effective now."""
    known = {"actor": "staff:test", "source": Source.STAFF, "key": str(uuid4()), "effective_at": seams.now()}
    return Context(**(known | changes))


MAKER, CHECKER = UUID(int=1), UUID(int=2)


def by_two(**changes: Any) -> Context:
    """A context behind which two people stand, for what takes a second person."""
    return context(**({"maker": MAKER, "checker": CHECKER} | changes))


class CommandFactory(factory.Factory):
    """Runs the command that Meta.model names, by two people, with the declared values as its arguments."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Command[Any, Any], *args: Any, **kwargs: Any) -> Any:
        return model_class(by_two(), *args, **kwargs).value


class TermsFactory(factory.Factory):
    """A listed share, by default Tencent's."""

    class Meta:
        model = Terms

    code = "0700"
    name = "Tencent"
    asset_class = AssetClass.SHARE
    currency = "HKD"
    places = 0
    lot = Decimal(100)
    group = factory.SelfAttribute("name")


class InstrumentFactory(CommandFactory):
    """Lists an instrument."""

    class Meta:
        model = market.list_instrument

    terms = factory.SubFactory(TermsFactory)


def list_crypto(code: str, places: int) -> None:
    """List a virtual asset quoted in USD whose lot is its least unit."""
    InstrumentFactory(
        terms=TermsFactory(
            code=code,
            name=code,
            asset_class=AssetClass.CRYPTO,
            currency="USD",
            places=places,
            lot=Decimal(1).scaleb(-places),
        )
    )


LICENCE = Licence(type="authorised institution", number="B001", valid_from=date(2020, 1, 1))


class BankFactory(CommandFactory):
    """Registers a bank for Hong Kong and US dollars."""

    class Meta:
        model = custody.register_custodian

    kind = CustodianKind.BANK
    name = "Harbour Bank"
    licence = LICENCE
    assets = ("HKD", "USD")


class PlatformFactory(CommandFactory):
    """Registers a trading platform that keeps Bitcoin and Ether, once they are listed."""

    class Meta:
        model = custody.register_custodian

    kind = CustodianKind.PLATFORM
    name = "Peak Platform"
    licence = LICENCE
    assets = ("BTC", "ETH")


class DepositoryFactory(CommandFactory):
    """Registers a depository for shares, once they are listed."""

    class Meta:
        model = custody.register_custodian

    kind = CustodianKind.DEPOSITORY
    name = "Central Depository"
    licence = LICENCE
    assets = ("0700",)


class ClientFactory(CommandFactory):
    """Opens an individual retail client."""

    class Meta:
        model = clients.open_client

    reference = factory.Sequence(lambda number: f"C-{number:06d}")
    type = ClientType.INDIVIDUAL
    classification = Classification.RETAIL


class AccountFactory(CommandFactory):
    """Opens a cash account in Hong Kong dollars for a new client."""

    class Meta:
        model = custody.open_account

    client = factory.SubFactory(ClientFactory)
    kind = AccountKind.CASH
    base_currency = "HKD"


class DepositFactory(CommandFactory):
    """Deposits a million Hong Kong dollars."""

    class Meta:
        model = custody.deposit

    asset = "HKD"
    amount = Decimal(1_000_000)


class House(NamedTuple):
    """Where a test's firm keeps things."""

    bank: UUID
    platform: UUID
    depository: UUID


def furnish() -> House:
    """List Tencent, Bitcoin and Ether, and register who keeps them and the money."""
    InstrumentFactory()
    list_crypto("BTC", 8)
    list_crypto("ETH", 18)
    return House(BankFactory(), PlatformFactory(), DepositoryFactory())
