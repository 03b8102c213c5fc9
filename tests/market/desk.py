"""The least trading desk the market's tests need: who commands, and short ways to list, observe and adopt."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from uuid import UUID

from brokerage.ledger.entry import Context, Source
from brokerage.market import commands
from brokerage.market.rules.fx import FxRate
from brokerage.market.rules.instruments import AssetClass, Terms
from brokerage.market.rules.prices import Tick

OPENING = datetime(2021, 1, 1, tzinfo=UTC)
HOUSE_RATE = (FxRate(base="USD", quote="HKD", rate=Decimal("7.80")),)
_numbers = count(1)


def context(
    at: datetime = OPENING, *, key: str = "", maker: UUID | None = None, checker: UUID | None = None
) -> Context:
    return Context(
        actor="staff:desk",
        source=Source.STAFF,
        key=key or f"desk-{next(_numbers)}",
        effective_at=at,
        maker=maker,
        checker=checker,
    )


def share(code: str, lot: int = 100, isin: str | None = None) -> Terms:
    return Terms(
        code=code,
        name=f"Company {code}",
        asset_class=AssetClass.SHARE,
        currency="HKD",
        places=0,
        lot=Decimal(lot),
        isin=isin,
        group=f"Company {code}",
    )


def coin(code: str, places: int = 8) -> Terms:
    return Terms(
        code=code,
        name=code,
        asset_class=AssetClass.CRYPTO,
        currency="USD",
        places=places,
        lot=Decimal(1).scaleb(-places),
        group=code,
    )


DEMO = {
    terms.code: terms
    for terms in (
        share("0700", 100, "KYG875721634"),
        share("1024", 100, "KYG532631028"),
        share("1810", 200, "KYG9830T1067"),
        share("3690", 100, "KYG596691041"),
        coin("BTC"),
        coin("ETH", 18),
        coin("SOL", 9),
    )
}


def file_name(terms: Terms) -> str:
    return f"{terms.code}.HK.csv" if terms.asset_class.is_security else f"{terms.code}-{terms.currency}.csv"


def list_all(*codes: str) -> None:
    for code in codes or DEMO:
        commands.list_instrument(context(), terms=DEMO[code])


def tick(code: str, price: str, at: datetime, **changes: object) -> Tick:
    terms = DEMO[code]
    given = {"instrument": code, "price": Decimal(price), "currency": terms.currency, "source_time": at}
    return Tick(**given | changes)


def observe(code: str, price: str, at: datetime, source: str = "alpha") -> None:
    commands.record_observations(context(), source=source, ticks=(tick(code, price, at),))


def adopt(slot: datetime) -> UUID:
    return commands.adopt_price_set(context(slot), slot=slot, rates=HOUSE_RATE).value
