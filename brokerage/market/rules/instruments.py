"""What can be held or priced: the terms of an instrument and what makes them valid."""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from iso4217 import Currency
from stdnum import isin
from stdnum.exceptions import ValidationError

from brokerage.ledger.amounts import EXACT, PLACES, positive
from brokerage.ledger.refusal import Refused

CODE = re.compile(r"[A-Z0-9]{2,12}")
EXCHANGE_TICKER = re.compile(r"[0-9]{4,5}")


class AssetClass(StrEnum):
    """What kind of thing it is; price rules and calendars follow from it."""

    SHARE = "share"
    ETF = "etf"
    CRYPTO = "crypto"
    CURRENCY = "currency"

    @property
    def is_security(self) -> bool:
        """Whether it trades in the exchange's sessions."""
        return self in (AssetClass.SHARE, AssetClass.ETF)


class BadCode(Refused):
    """A code or ticker of the wrong shape, or one that belongs to a currency."""

    code = "market.bad-code"


class BadCurrency(Refused):
    """A currency that ISO 4217 does not know."""

    code = "market.bad-currency"


class BadIsin(Refused):
    """An ISIN that fails its check digit, or stands on something that has none."""

    code = "market.bad-isin"


class BadLot(Refused):
    """Decimal places, a lot or a price tick that contradict one another."""

    code = "market.bad-lot"


class FixedTerm(Refused):
    """A change of what an instrument is; that needs a new instrument."""

    code = "market.fixed-term"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """An instrument as listed.

    `code` names it in the book ("0700", "BTC"); `currency` is what its price is quoted in;
    `places` are the decimals of a quantity; `lot` is the least tradable quantity; `tick` the least
    step of a quoted price where the venue has one; `group` joins related issuers for concentration
    (the issuer's own name by default); a suspended security names the first day without trading.
    """

    code: str
    name: str
    asset_class: AssetClass
    currency: str
    places: int
    lot: Decimal
    tick: Decimal | None = None
    isin: str | None = None
    group: str
    suspended_since: date | None = None


def minor_units(currency: str) -> int:
    """Decimal places of a currency's minor unit (ISO 4217); raises BadCurrency for an unknown one."""
    try:
        return Currency(currency).exponent or 0
    except ValueError as error:
        raise BadCurrency("The currency must be an ISO 4217 code such as HKD.", currency=currency) from error


def checked_terms(terms: Terms) -> Terms:
    """The same terms, proved consistent; raises BadCode, BadCurrency, BadIsin or BadLot otherwise."""
    _check_code(terms)
    minor_units(terms.currency)
    _check_isin(terms)
    _check_quantities(terms)
    if terms.suspended_since and not terms.asset_class.is_security:
        raise FixedTerm("Only a security can be suspended.", instrument=terms.code)
    return terms


def changed_terms(old: Terms, new: Terms) -> Terms:
    """The new terms, if they still describe the same instrument.

    Name, lot, tick, ISIN, group and suspension may change. Code, class, currency and decimal
    places may not: positions and prices already recorded would change their meaning. Raises
    FixedTerm for those, and whatever `checked_terms` raises.
    """
    same = replace(new, code=old.code, asset_class=old.asset_class, currency=old.currency, places=old.places)
    if same != new:
        raise FixedTerm(
            "Code, class, currency and decimal places are fixed; list a new instrument instead.",
            instrument=old.code,
        )
    return checked_terms(new)


def _check_code(terms: Terms) -> None:
    if terms.asset_class.is_security:
        if not EXCHANGE_TICKER.fullmatch(terms.code):
            raise BadCode("The code of a listed security is its 4 or 5 digit ticker.", code=terms.code)
    elif not CODE.fullmatch(terms.code):
        raise BadCode("A code is 2 to 12 capital letters or digits.", code=terms.code)
    if terms.asset_class is AssetClass.CURRENCY:
        if terms.places != minor_units(terms.code) or terms.currency != terms.code:
            raise BadCurrency("A currency is quoted in itself, with its ISO 4217 places.", code=terms.code)
    elif _is_currency(terms.code):
        raise BadCode("This code is taken by a currency.", code=terms.code)
    if not (terms.name.strip() and terms.group.strip()):
        raise BadCode("An instrument needs a name and a group.", code=terms.code)


def _is_currency(code: str) -> bool:
    try:
        Currency(code)
    except ValueError:
        return False
    return True


def _check_isin(terms: Terms) -> None:
    if terms.isin is None:
        return
    if not terms.asset_class.is_security:
        raise BadIsin("Only listed securities carry an ISIN.", instrument=terms.code)
    try:
        canonical = isin.validate(terms.isin)
    except ValidationError as error:
        raise BadIsin("The ISIN fails its check.", isin=terms.isin) from error
    if canonical != terms.isin:
        raise BadIsin(f"Write the ISIN as {canonical}.", isin=terms.isin)


def _check_quantities(terms: Terms) -> None:
    if not 0 <= terms.places <= PLACES:
        raise BadLot(f"Decimal places lie between 0 and {PLACES}.", places=terms.places)
    positive(terms.lot, name="lot")
    if EXACT.remainder(terms.lot, Decimal(1).scaleb(-terms.places)):
        raise BadLot("The lot must be a multiple of the least quantity.", lot=terms.lot, places=terms.places)
    if terms.tick is not None:
        positive(terms.tick, name="tick")
