"""Books, prices and policies for tests: the worked example's, and seeded random ones that bind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from margin.rules.concentration import Group, counted
from margin.rules.policy import (
    VA_GROUP,
    AssetKind,
    AssetTerms,
    ConcentrationCap,
    HaircutTier,
    InterestTier,
    MarginPolicy,
    TierBasis,
    flat,
)
from margin.rules.valuation import Book, Quote

D = Decimal
USDHKD = D("7.80")
LOTS = {"0700": D(100), "2800": D(500), "BTC": D("0.00000001"), "ETH": D("0.000000000000000001")}
INTEREST = (
    InterestTier(up_to=D(1_000_000), rate=D("0.0825")),
    InterestTier(up_to=None, rate=D("0.0725")),
)


def share(haircut: str) -> AssetTerms:
    """A share with one haircut for lending and capital alike."""
    return AssetTerms(kind=AssetKind.SECURITIES, tiers=flat(D(haircut)), capital_haircut=D(haircut))


def coin(haircut: str) -> AssetTerms:
    """A virtual asset with one lending haircut and no capital value."""
    return AssetTerms(kind=AssetKind.VA, tiers=flat(D(haircut)), capital_haircut=D(1))


def base_policy() -> MarginPolicy:
    """The policy of the worked examples."""
    assets = {"0700": share("0.30"), "2800": share("0.20"), "BTC": coin("0.60"), "ETH": coin("0.65")}
    return MarginPolicy(assets=assets, interest=INTEREST)


def base_quotes(va_fall: str = "0", share_fall: str = "0") -> dict[str, Quote]:
    """The prices of the worked examples, with VA and 0700 fallen by these fractions."""
    va, share_left = 1 - D(va_fall), 1 - D(share_fall)
    return {
        "0700": Quote(price=D(500) * share_left),
        "2800": Quote(price=D(25)),
        "BTC": Quote(price=D(100_000) * va, fx_rate=USDHKD),
        "ETH": Quote(price=D(4_000) * va, fx_rate=USDHKD),
    }


def base_book(loan: str = "1500000", limit: str = "2000000") -> Book:
    """The book of the worked examples; the limit leaves collateral as the tighter bound."""
    positions = {"0700": D(2_000), "2800": D(10_000), "BTC": D(2), "ETH": D(10)}
    return Book(positions=positions, loan=D(loan), limit=D(limit))


@dataclass(frozen=True, slots=True)
class Case:
    """One random account with its prices, policy and lots."""

    book: Book
    quotes: dict[str, Quote]
    policy: MarginPolicy
    lots: dict[str, Decimal]


def caps_bind(groups: Sequence[Group]) -> bool:
    """Whether any cap takes something away."""
    total = sum((group.value for group in groups), D(0))
    return any(counted(group, total) < group.value for group in groups)


NAMES = ("0001", "0002", "0003", "BTC", "ETH")


def random_case(random: Random, *, leverage: tuple[float, float], most_lots: int = 6) -> Case:
    """A small book whose tiers and caps often bind, and whose loan is that part of its market value."""
    names = random.sample(NAMES, random.choice((1, 2, 2, 3, 3, 4)))
    quotes = {name: _quote(random) for name in NAMES}
    lots, positions, worth = {}, {}, D(0)
    for name in NAMES:
        unit = quotes[name].price * quotes[name].fx_rate
        lots[name] = max(D(1), D(random.randint(20_000, 300_000)) // unit)
        if name in names:
            odd = random.choice((0, 0, lots[name] // 3))
            positions[name] = lots[name] * random.randint(1, most_lots) + odd
            worth += positions[name] * unit
    loan = (worth * D(random.uniform(*leverage))).quantize(D("0.01"))
    limit = loan * random.choice((D("0.9"), D("1.1"), D(2), D(10)))
    return Case(Book(positions=positions, loan=loan, limit=limit), quotes, _policy(random, worth), lots)


def _quote(random: Random) -> Quote:
    price = D(random.randint(100, 90_000)) / random.choice((1, 8, 100))
    return Quote(price=price, fx_rate=random.choice((D(1), D(1), USDHKD)))


def _policy(random: Random, worth: Decimal) -> MarginPolicy:
    step = worth / random.randint(3, 12)
    assets = {name: _terms(random, name, step.quantize(D("0.01"))) for name in NAMES}
    cap = ConcentrationCap(
        share=D(random.randint(2, 10)) / 10,
        floor=random.choice((D(0), D(0), (step / 4).quantize(D("0.01")))),
    )
    return MarginPolicy(
        assets=assets,
        interest=INTEREST,
        default_cap=random.choice((None, cap, cap)),
        caps={VA_GROUP: ConcentrationCap(share=D(random.randint(2, 6)) / 10)},
        target=random.choice((D("0.90"), D("0.90"), D("0.75"), D(1))),
        trade_cost=random.choice((D("0.0035"), D("0.0035"), D(0), D("0.02"))),
    )


def _terms(random: Random, name: str, step: Decimal) -> AssetTerms:
    va = name in ("BTC", "ETH")
    first = random.randint(60, 80) if va else random.randint(0, 60)
    haircuts = [D(first) / 100]
    while len(haircuts) < 3 and random.random() < 0.4:
        haircuts.append(min(D(1), haircuts[-1] + D(random.randint(5, 30)) / 100))
    by_quantity = random.random() < 0.2
    size = D(random.randint(2, 900)) if by_quantity else step
    limits: list[Decimal | None] = [size * (index + 1) for index in range(len(haircuts) - 1)]
    tiers = zip([*limits, None], haircuts, strict=True)
    terms = AssetTerms(
        kind=AssetKind.VA if va else AssetKind.SECURITIES,
        tiers=tuple(HaircutTier(up_to=limit, haircut=haircut) for limit, haircut in tiers),
        capital_haircut=D(1) if va else haircuts[0],
        basis=TierBasis.QUANTITY if by_quantity else TierBasis.VALUE,
    )
    related = not va and random.random() < 0.3
    return replace(terms, group="family") if related else terms
