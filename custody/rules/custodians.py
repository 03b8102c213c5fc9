"""Who may keep what for the firm, and under which licence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused

from .assets import Asset, AssetKind

CUSTODIANS = UUID("b5f0c1f6-2f63-4b8e-8a0e-6f6f5d0f6a21")
"""The name space of custodian ids."""


class CustodianKind(StrEnum):
    """Who keeps things for the firm: money, virtual assets or securities."""

    BANK = "bank"
    PLATFORM = "platform"
    DEPOSITORY = "depository"


KEEPER: dict[AssetKind, CustodianKind] = {
    AssetKind.MONEY: CustodianKind.BANK,
    AssetKind.VIRTUAL_ASSET: CustodianKind.PLATFORM,
    AssetKind.SECURITY: CustodianKind.DEPOSITORY,
}


class UnknownCustodian(Refused):
    """There is no custodian of that id."""

    code = "custody.unknown-custodian"


class CustodianExists(Refused):
    """A custodian of that name is registered already."""

    code = "custody.custodian-exists"


class AlreadyKept(Refused):
    """The custodian keeps the asset already."""

    code = "custody.already-kept"


class WrongCustodian(Refused):
    """The custodian is not of the kind that may keep the asset."""

    code = "custody.wrong-custodian"


class NotKept(Refused):
    """No custodian keeps the asset, or not the one that was named."""

    code = "custody.not-kept"


class BadLicence(Refused):
    """A licence without type, number or a sensible period."""

    code = "custody.bad-licence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Under what a custodian may keep assets: dated, because licences come and go (RULEBOOK CUS-4)."""

    type: str
    number: str
    valid_from: date
    valid_until: date | None = None


def custodian_id(name: str) -> UUID:
    """The id a custodian's name stands for: registered once, even when two try at once."""
    return uuid5(CUSTODIANS, name)


def check_keeps(kind: CustodianKind, assets: Iterable[Asset]) -> None:
    """Pass if that kind of custodian may keep each of the assets; raises WrongCustodian."""
    for asset in assets:
        if KEEPER[asset.kind] is not kind:
            raise WrongCustodian(
                f"{asset.code} is kept by a {KEEPER[asset.kind]}.", asset=asset.code, kind=kind
            )


def check_licence(licence: Licence) -> None:
    """Pass if type and number are given and the period does not end before it starts; raises BadLicence."""
    if not (licence.type.strip() and licence.number.strip()):
        raise BadLicence("Give the licence's type and number.")
    if licence.valid_until and licence.valid_until < licence.valid_from:
        raise BadLicence("The licence ends before it starts.", until=licence.valid_until)
