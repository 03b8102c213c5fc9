"""The instruments a demonstration lists, and the names their daily price files go by."""

from decimal import Decimal

from .instruments import AssetClass, Terms


def _share(code: str, name: str, lot: int, isin: str) -> Terms:
    return Terms(
        code=code,
        name=name,
        asset_class=AssetClass.SHARE,
        currency="HKD",
        places=0,
        lot=Decimal(lot),
        isin=isin,
        group=name,
    )


def _coin(code: str, name: str, places: int) -> Terms:
    return Terms(
        code=code,
        name=name,
        asset_class=AssetClass.CRYPTO,
        currency="USD",
        places=places,
        lot=Decimal(1).scaleb(-places),
        group=name,
    )


DEMO: dict[str, Terms] = {
    terms.code: terms
    for terms in (
        _share("0700", "Tencent Holdings", 100, "KYG875721634"),
        _share("1024", "Kuaishou Technology", 100, "KYG532631028"),
        _share("1810", "Xiaomi Corporation", 200, "KYG9830T1067"),
        _share("3690", "Meituan", 100, "KYG596691041"),
        _coin("BTC", "Bitcoin", 8),
        _coin("ETH", "Ether", 18),
        _coin("SOL", "Solana", 9),
    )
}


def file_name(terms: Terms) -> str:
    """The daily price file of an instrument: "0700.HK.csv" for a security, "BTC-USD.csv" for a coin."""
    if terms.asset_class.is_security:
        return f"{terms.code}.HK.csv"
    return f"{terms.code}-{terms.currency}.csv"
