"""Virtual assets are sold to whom the firm judged to know them, and within what the net worth allows."""

from decimal import Decimal
from uuid import UUID

import pytest

from brokerage.clients import queries as clients
from brokerage.clients.rules.classification import Investor
from brokerage.clients.rules.knowledge import Answers, Basis, Experience
from brokerage.clients.rules.virtual_assets import (
    BeyondExposure,
    ExposureUnknown,
    KnowledgeMissing,
    Offer,
    check_purchase,
    offer,
)
from brokerage.ledger import seams
from brokerage.market.rules.calendars import hong_kong_date
from custody import commands as custody
from custody.rules import Side
from tests.factories import AccountFactory, ClientFactory, DepositFactory, context
from tests.onboarding import NewcomerFactory, OnboardedClientFactory

NOTHING = Answers(virtual_assets=Experience(), derivatives=Experience(), risks_read=True)
MOST = Decimal(250_000)
"""A tenth of the net worth of a newcomer as the factory makes it."""


def funded(client: UUID) -> UUID:
    account: UUID = AccountFactory(client=client)
    DepositFactory(account=account)
    return account


def buy(account: UUID, price: Decimal, asset: str = "BTC", quantity: str = "1") -> None:
    custody.book_trade(
        context(),
        account=account,
        side=Side.BUY,
        asset=asset,
        quantity=Decimal(quantity),
        price=price,
        currency="HKD",
    )


@pytest.mark.usefixtures("house")
class TestAClient:
    @pytest.mark.rule("CLI-3")
    def test_who_knows_nothing_of_virtual_assets_buys_none(self) -> None:
        account = funded(OnboardedClientFactory(newcomer=NewcomerFactory(answers=NOTHING)))
        with pytest.raises(KnowledgeMissing):
            buy(account, Decimal(1000))
        buy(account, Decimal(300), "0700", "100")

    @pytest.mark.rule("CLI-4")
    def test_of_the_public_buys_up_to_the_share_of_net_worth(self) -> None:
        client = OnboardedClientFactory()
        offered = clients.offered_virtual_assets(client, hong_kong_date(seams.now()))
        assert offered == Offer(known=True, most=MOST)
        account = funded(client)
        with pytest.raises(BeyondExposure):
            buy(account, MOST + 1)
        buy(account, MOST)

    @pytest.mark.rule("CLI-4")
    def test_of_the_public_buys_no_more_while_what_it_holds_has_no_price(self) -> None:
        account = funded(OnboardedClientFactory())
        DepositFactory(account=account, asset="BTC", amount=Decimal(1))
        with pytest.raises(ExposureUnknown):
            buy(account, Decimal(1), "ETH")

    def test_of_an_import_was_judged_elsewhere(self) -> None:
        buy(funded(ClientFactory()), Decimal(900_000))


class TestAnOffer:
    @pytest.mark.rule("CLI-3")
    def test_rests_on_an_exemption_only_while_it_stands(self) -> None:
        exempt = {"shown": [Basis.EXEMPT], "most": None}
        assert offer(investor=Investor.INSTITUTIONAL, suitability=False, **exempt).known
        assert offer(investor=Investor.CORPORATE, suitability=False, **exempt).known
        assert not offer(investor=Investor.CORPORATE, suitability=True, **exempt).known
        assert not offer(investor=Investor.RETAIL, suitability=True, **exempt).known
        assert offer([Basis.WORK], Investor.RETAIL, suitability=True, most=None).known

    @pytest.mark.rule("CLI-4")
    def test_bounds_retail_clients_only(self) -> None:
        assert offer([Basis.WORK], Investor.RETAIL, suitability=True, most=MOST).most == MOST
        assert offer([Basis.WORK], Investor.INDIVIDUAL, suitability=True, most=MOST).most is None
        check_purchase(Offer(known=True, most=MOST), MOST)
        check_purchase(Offer(known=True, most=None), MOST * 9)
        check_purchase(Offer(known=True, most=None), None)
        with pytest.raises(BeyondExposure):
            check_purchase(Offer(known=True, most=MOST), MOST + 1)
