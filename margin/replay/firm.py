"""The firm the replay founds: instruments of the price files, custodians, capital and a margin policy."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from brokerage.ledger.refusal import Refused
from brokerage.market.commands import list_instrument
from brokerage.market.queries import calendar, instruments
from brokerage.market.rules.fx import FxRate
from brokerage.market.rules.instruments import AssetClass, Terms
from brokerage.market.sources import DailyFiles
from custody.commands import fund_house, register_custodian
from custody.rules import CustodianKind, Licence

from ..commands import adopt_policy
from ..rules.policy import AssetKind, AssetTerms, ConcentrationCap, InterestTier, MarginPolicy, flat
from .timeline import Timeline

SOURCE = "daily-files"
RATES = (FxRate(base="USD", quote="HKD", rate=Decimal("7.80")),)
"""The house parameter: Hong Kong dollars per US dollar, recorded with every price set."""
CAPITAL = Decimal(20_000_000_000)
LOTS = {"0700": 100, "1024": 100, "1810": 200, "3690": 100}
NAMES = {"0700": "Tencent", "1024": "Kuaishou", "1810": "Xiaomi", "3690": "Meituan"}
PLACES = {"BTC": 8, "ETH": 18, "SOL": 9}
FILES = {code: f"{code}.HK.csv" for code in LOTS} | {code: f"{code}-USD.csv" for code in PLACES}
"""The price file of each instrument, by code."""
HAIRCUTS = {"0700": "0.30", "1024": "0.60", "1810": "0.45", "3690": "0.45", "BTC": "0.60", "ETH": "0.65"}


class MissingPrices(Refused):
    """The folder does not hold the price files the replay needs."""

    code = "margin.missing-prices"


def price_files(folder: Path) -> dict[str, Path]:
    """The file of each instrument in a folder. Raises MissingPrices."""
    files = {code: folder / name for code, name in FILES.items()}
    missing = [path.name for path in files.values() if not path.is_file()]
    if missing:
        raise MissingPrices(f"{folder} lacks {', '.join(missing)}; name the folder of the price files.")
    return files


def found(timeline: Timeline, files: Mapping[str, Path]) -> DailyFiles:
    """List the instruments, register custodians, bring in capital and adopt a policy; the price source.

    Raises MalformedFile for a price file that cannot be taken.
    """
    for terms in [_share(code) for code in LOTS] + [_coin(code) for code in PLACES]:
        list_instrument(timeline.context(), terms=terms)
    kinds: dict[CustodianKind, tuple[str, tuple[str, ...]]] = {
        CustodianKind.BANK: ("Replay Bank", ("HKD",)),
        CustodianKind.DEPOSITORY: ("Replay Depository", tuple(LOTS)),
        CustodianKind.PLATFORM: ("Replay Platform", tuple(PLACES)),
    }
    licence = Licence(type="replay", number="none", valid_from=date(2000, 1, 1))
    places = {
        kind: register_custodian(
            timeline.context(), kind=kind, name=name, licence=licence, assets=assets
        ).value
        for kind, (name, assets) in kinds.items()
    }
    fund_house(timeline.context(), bank=places[CustodianKind.BANK], currency="HKD", amount=CAPITAL)
    adopt_policy(
        timeline.by_two(), policy=policy(), effective_from=timeline.now, reason="the replay's own figures"
    )
    return DailyFiles(SOURCE, files, instruments(), calendar())


def policy() -> MarginPolicy:
    """House figures (H): flat haircuts, 50 % for virtual assets together, 70 % for one name."""
    assets = {code: _terms(code, haircut) for code, haircut in HAIRCUTS.items()}
    return MarginPolicy(
        assets=assets,
        interest=(
            InterestTier(up_to=Decimal(1_000_000), rate=Decimal("0.0825")),
            InterestTier(up_to=None, rate=Decimal("0.0725")),
        ),
        default_cap=ConcentrationCap(share=Decimal("0.70")),
        automatic_sales=True,
    )


def _terms(code: str, haircut: str) -> AssetTerms:
    kind = AssetKind.VA if code in PLACES else AssetKind.SECURITIES
    capital = Decimal(1) if kind is AssetKind.VA else Decimal("0.30")
    return AssetTerms(kind=kind, tiers=flat(Decimal(haircut)), capital_haircut=capital)


def _share(code: str) -> Terms:
    return Terms(
        code=code,
        name=NAMES[code],
        asset_class=AssetClass.SHARE,
        currency="HKD",
        places=0,
        lot=Decimal(LOTS[code]),
        group=NAMES[code],
    )


def _coin(code: str) -> Terms:
    return Terms(
        code=code,
        name=code,
        asset_class=AssetClass.CRYPTO,
        currency="USD",
        places=PLACES[code],
        lot=Decimal(1).scaleb(-PLACES[code]),
        group=code,
    )
