"""Self-certification of tax residence: every residence, its number, and what does not fit (CARF)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Self

from brokerage.ledger.refusal import Refused

from .names import checked_text
from .person import Entity, Individual, checked_country
from .terms import Terms

MOST_RESIDENCES = 10
NUMBERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "AU": (("au.tfn",), ("au.tfn", "au.abn")),
    "BR": (("br.cpf",), ("br.cnpj",)),
    "CN": (("cn.ric",), ("cn.uscc",)),
    "DE": (("de.idnr",), ("de.stnr",)),
    "ES": (("es.nif",), ("es.nif",)),
    "FR": (("fr.nif",), ("fr.siren",)),
    "GB": (("gb.utr",), ("gb.utr",)),
    "IN": (("in_.pan",), ("in_.pan",)),
    "IT": (("it.codicefiscale",), ("it.iva",)),
    "JP": (("jp.in_",), ("jp.cn",)),
    "KR": (("kr.rrn",), ("kr.brn",)),
    "SG": ((), ("sg.uen",)),
    "TH": (("th.pin",), ("th.moa",)),
    "US": (("us.ssn", "us.itin"), ("us.ein",)),
    "ZA": (("za.tin",), ("za.tin",)),
}
"""How python-stdnum checks the number of a person and of an entity; elsewhere any number is taken."""


class EntityKind(StrEnum):
    """An active entity is reported itself, a passive one with those who control it, an excluded one not."""

    ACTIVE = "active"
    PASSIVE = "passive"
    EXCLUDED = "excluded"


class NoNumber(StrEnum):
    """Why somebody has no tax number of a country."""

    NOT_ISSUED = "not-issued"
    NOT_REQUIRED = "not-required"
    APPLIED_FOR = "applied-for"


class BadCertificate(Refused):
    """A self-certification that says too little to be valid."""

    code = "clients.bad-certificate"


class CertificateDoubtful(Refused):
    """What does not fit in a self-certification is not what whoever signed saw and said is right.

    Which it is, is personal: it is in the sealed certificate, and neither here nor in any event.
    """

    code = "clients.certificate-doubtful"


class CertificateOutdated(Refused):
    """CARF: a certificate signed before the day from which a new one is asked for."""

    code = "clients.certificate-outdated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Residence:
    """A country that taxes the person, with the number it knows the person by, or why there is none."""

    country: str
    number: str = ""
    missing: NoNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One person's self-certification, as signed on a day.

    `confirmed` are the doubts that whoever signs was shown and says are right.
    """

    residences: tuple[Residence, ...]
    signed_on: date
    entity: EntityKind | None = None
    confirmed: tuple[str, ...] = ()

    def checked(self, today: date, *, is_entity: bool) -> Self:
        """The same certificate in the form that is stored; raises BadCertificate, BadCountry or BadText."""
        if not 1 <= len(self.residences) <= MOST_RESIDENCES:
            raise BadCertificate("Name every country where you are resident for tax, at least one.")
        if self.signed_on > today:
            raise BadCertificate("A certificate is signed no later than it is received.")
        if (self.entity is None) is is_entity:
            raise BadCertificate("Say whether the entity is active, passive or excluded; people are neither.")
        residences = tuple(map(_checked, self.residences))
        if len({each.country for each in residences}) < len(residences):
            raise BadCertificate("Name each country once.")
        return replace(self, residences=residences)

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries of residence, in order."""
        return tuple(each.country for each in self.residences)


def _checked(given: Residence) -> Residence:
    if bool(given.number.strip()) is (given.missing is not None):
        raise BadCertificate("Give each country's tax number, or the reason why there is none.")
    number = checked_text(given.number, longest=60) if given.missing is None else ""
    return Residence(country=checked_country(given.country), number=number, missing=given.missing)


def doubts(certificate: Certificate, details: Individual | Entity) -> tuple[str, ...]:
    """What does not fit, as codes that name countries only; each may be confirmed by whoever signs."""
    is_entity = isinstance(details, Entity)
    found = [
        f"number-{each.country}"
        for each in certificate.residences
        if each.number and not plausible(each.country, each.number, is_entity=is_entity)
    ]
    if details.address.country not in certificate.countries:
        found.append(f"address-{details.address.country}")
    if isinstance(details, Individual) and details.nationality == "US" and "US" not in certificate.countries:
        found.append("citizen-US")
    return tuple(found)


def plausible(country: str, number: str, *, is_entity: bool) -> bool:
    """Whether a tax number can be one of the country's, as far as its check digits are known here."""
    modules = NUMBERS.get(country, ((), ()))[is_entity]
    return not modules or any(_module(name).is_valid(number) for name in modules)


@cache
def _module(name: str) -> ModuleType:
    return import_module(f"stdnum.{name}")


def check_confirmed(certificate: Certificate, details: Individual | Entity) -> None:
    """Pass if exactly what does not fit was shown and confirmed to be right; raises CertificateDoubtful."""
    if set(certificate.confirmed) != set(doubts(certificate, details)):
        raise CertificateDoubtful("Check what does not fit, or confirm that it is right.")


def check_renewed(signed_on: date, changed: date | None) -> None:
    """CARF: pass if a certificate was signed since circumstances changed; raises CertificateOutdated."""
    if changed is not None and signed_on < changed:
        raise CertificateOutdated("This was signed before circumstances changed; have it signed anew.")


def valid_until(changed_at: datetime, terms: Terms) -> datetime:
    """CARF: when a certificate ends after circumstances changed."""
    return changed_at + timedelta(days=terms.tax_grace_days)
