"""What the demonstration is made of: invented clients, invented prices, a policy, a fortnight of both.

Real tickers, so that sessions and lots are right; every price is made up here and carries the source
"demo (invented)". The same seed gives the same story; dates are counted back from the day it is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from brokerage.ledger.amounts import ONE
from brokerage.market.rules.calendars import HongKongCalendar, hong_kong_date
from brokerage.market.rules.fx import FxRate
from brokerage.market.rules.instruments import AssetClass, Terms
from margin.rules.policy import (
    AssetKind,
    AssetTerms,
    HaircutTier,
    InterestTier,
    MarginPolicy,
    flat,
)

SOURCE = "demo (invented)"
ROLES = ("operations", "operations", "credit", "compliance", "auditor")
HOLDERS = {"client-safe": "M10001", "client-call": "M10003", "client-near": "M10002"}
"""Clients with a login, by its name; the first borrowers stand for safe, warning, call and near."""
CLIENTS = 60
DAYS = 14
HOURS = 30
RATES = (FxRate(base="USD", quote="HKD", rate=Decimal("7.80")),)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Story:
    """One instrument's invented life: where it starts, how it ends against that, how far it strays."""

    terms: Terms
    start: Decimal
    drift: Decimal
    stray: Decimal


def _share(code: str, name: str, isin: str, lot: int, *, etf: bool = False) -> Terms:
    return Terms(
        code=code,
        name=name,
        asset_class=AssetClass.ETF if etf else AssetClass.SHARE,
        currency="HKD",
        places=0,
        lot=Decimal(lot),
        tick=Decimal("0.01"),
        isin=isin,
        group=name,
    )


def _coin(code: str, name: str, places: int, lot: str) -> Terms:
    return Terms(
        code=code,
        name=name,
        asset_class=AssetClass.CRYPTO,
        currency="USD",
        places=places,
        lot=Decimal(lot),
        group="VA",
    )


def _story(terms: Terms, start: str, drift: str, stray: str) -> Story:
    return Story(terms, Decimal(start), Decimal(drift), Decimal(stray))


STORIES = {
    story.terms.code: story
    for story in (
        _story(_share("0700", "Tencent", "KYG875721634", 100), "512.00", "-0.04", "0.012"),
        _story(_share("2800", "Tracker Fund", "HK2800008867", 500, etf=True), "26.40", "-0.02", "0.006"),
        _story(_share("1810", "Xiaomi", "KYG9830T1067", 200), "54.30", "-0.09", "0.018"),
        _story(_share("3690", "Meituan", "KYG596691041", 100), "105.00", "-0.07", "0.016"),
        _story(_share("1024", "Kuaishou", "KYG532631028", 100), "72.00", "-0.30", "0.020"),
        _story(_coin("BTC", "Bitcoin", 8, "0.0001"), "97400", "-0.13", "0.015"),
        _story(_coin("ETH", "Ether", 18, "0.001"), "3350", "-0.16", "0.018"),
        _story(_coin("SOL", "Solana", 9, "0.01"), "188", "-0.20", "0.025"),
    )
}


def _lends(kind: AssetKind, *tiers: tuple[str | None, str]) -> AssetTerms:
    made = tuple(HaircutTier(up_to=Decimal(end) if end else None, haircut=Decimal(cut)) for end, cut in tiers)
    return AssetTerms(kind=kind, tiers=made, capital_haircut=ONE if kind is AssetKind.VA else made[0].haircut)


POLICY = MarginPolicy(
    assets={
        "0700": _lends(AssetKind.SECURITIES, ("50000000", "0.30"), (None, "0.50")),
        "2800": AssetTerms(
            kind=AssetKind.SECURITIES, tiers=flat(Decimal("0.20")), capital_haircut=Decimal("0.15")
        ),
        "1810": _lends(AssetKind.SECURITIES, ("20000000", "0.40"), (None, "0.60")),
        "3690": _lends(AssetKind.SECURITIES, ("20000000", "0.40"), (None, "0.60")),
        "1024": _lends(AssetKind.SECURITIES, ("10000000", "0.50"), (None, "0.70")),
        "BTC": _lends(AssetKind.VA, ("30000000", "0.60"), (None, "0.75")),
        "ETH": _lends(AssetKind.VA, ("15000000", "0.60"), (None, "0.80")),
    },
    interest=(
        InterestTier(up_to=Decimal("5000000"), rate=Decimal("0.0850")),
        InterestTier(up_to=None, rate=Decimal("0.0725")),
    ),
)


@dataclass(frozen=True, slots=True)
class Borrower:
    """One invented client: what it buys, in HKD by asset, and how much of the final lending value it owes."""

    reference: str
    name: str
    corporate: bool
    wishes: Mapping[str, Decimal]
    ratio: Decimal
    opens: int
    cures: bool


_FAMILIES = ("Chan", "Wong", "Lam", "Cheung", "Ho", "Leung", "Yip", "Ng", "Tsang", "Lau", "Kwok", "Fung")
_GIVEN = ("Ka-yan", "Wing-tung", "Chun-hei", "Siu-ming", "Hoi-ching", "Tsz-kit", "Mei-ling", "Wai-man")
_FIRMS = ("Harbour Kite Trading", "Pok Fu Lam Optics", "Nine Bridges Capital", "Tai Tam Shipping")
_NAMED = {0: "0.34", 1: "0.945", 2: "1.03", 3: "0.885", 4: "0.97", 5: "1.025", 6: "0.92"}
_HEAVY = {
    2: {"0700": "0.5", "BTC": "0.5"},
    5: {"1810": "0.6", "ETH": "0.4"},
    7: {"1024": "1"},
    8: {"1024": "0.8", "2800": "0.2"},
    9: {"1024": "1"},
}
_FALLING = {7: "1.22", 8: "1.08", 9: "1.10"}
_OBLIGING = 9
"""Answers its call at once, as everybody without a part in the story would."""


def borrowers(seed: int) -> list[Borrower]:
    """The demonstration's clients; the first ones stand for safe, warning, call and near."""
    random = Random(seed)
    found = []
    for number in range(CLIENTS):
        firm = number >= CLIENTS - len(_FIRMS)
        name = (
            f"{_FIRMS[number - CLIENTS]} Ltd"
            if firm
            else f"{random.choice(_FAMILIES)} {random.choice(_GIVEN)}"
        )
        size = Decimal(random.randint(8, 160)) * 100_000 * (3 if firm else 1)
        ratio = _NAMED.get(number) or _FALLING.get(number)
        found.append(
            Borrower(
                reference=f"M{10_001 + number}",
                name=name,
                corporate=firm,
                wishes={asset: size * share for asset, share in _mix(number, random).items()},
                ratio=Decimal(ratio) if ratio else Decimal(random.randint(8, 84)) / 100,
                opens=0 if ratio else random.randrange(DAYS - 4),
                cures=ratio is None or number == _OBLIGING,
            )
        )
    return found


def _mix(number: int, random: Random) -> dict[str, Decimal]:
    """Shares of the whole by asset; securities come first, because they must carry virtual assets."""
    if number in _HEAVY:
        return {asset: Decimal(share) for asset, share in _HEAVY[number].items()}
    securities = random.sample(["0700", "2800", "1810", "3690", "1024"], random.randint(1, 3))
    coins = random.sample(["BTC", "ETH"], random.choice([0, 0, 1, 1, 2]))
    parts = {asset: random.randint(2, 6) for asset in sorted(securities)}
    parts |= {asset: random.randint(1, 3) for asset in sorted(coins)}
    whole = sum(parts.values())
    return {asset: Decimal(part) / whole for asset, part in parts.items()}


def slots(now: datetime) -> list[datetime]:
    """When prices are adopted: each evening of the fortnight, then every hour up to five minutes ago."""
    last = now.replace(second=0, microsecond=0) - timedelta(minutes=5)
    hourly = [last - _HOUR * back for back in reversed(range(HOURS))]
    evening = hourly[0].replace(hour=10, minute=0)  # 18:00 in Hong Kong, after the close
    daily = [evening - timedelta(days=back) for back in range(DAYS, 0, -1)]
    return [slot for slot in daily if slot < hourly[0]] + hourly


def prices(seed: int, count: int) -> Iterator[dict[str, Decimal]]:
    """One invented price per instrument for each of `count` slots, ending exactly at its drift.

    Shares have drifted three evenings before the end, so that a weekend cannot hide it; coins fall last.
    """
    random = Random(seed)
    for step in range(count):
        share, coin = min(Decimal(step) / (DAYS - 3), ONE), (Decimal(step) / (count - 1)) ** 5
        row = {}
        for code, story in STORIES.items():
            done = share if story.terms.asset_class.is_security else coin
            strayed = story.stray * random.randint(-100, 100) / 100 if done < 1 else 0
            row[code] = _tick(story.start * (1 + story.drift * done) * (1 + strayed))
        yield row


def moved(code: str, price: Decimal, random: Random) -> Decimal:
    """The next price of a live demonstration: a small step either way, drawn back towards the story's end."""
    story = STORIES[code]
    home = story.start * (1 + story.drift)
    pull = (home - price) / home / 200
    return _tick(price * (1 + pull + story.stray * random.randint(-100, 100) / 1500))


def _tick(price: Decimal) -> Decimal:
    return max(price, Decimal("0.01")).quantize(Decimal("0.01"), ROUND_HALF_UP)


def source_time(calendar: HongKongCalendar, terms: Terms, slot: datetime) -> datetime:
    """When a price of that instrument was last made by `slot`: at once for coins, in sessions for shares."""
    if not terms.asset_class.is_security:
        return slot
    day = hong_kong_date(slot)
    while True:
        for opening, closing in reversed(calendar.sessions(day)):
            if opening <= slot:
                return min(slot, closing)
        day -= timedelta(days=1)
