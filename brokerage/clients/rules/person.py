"""What the vault holds about a person, and when it may be destroyed. These values never enter an event."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

import iso3166

from brokerage.access.rules import checked_email
from brokerage.ledger.refusal import Refused

from .names import checked_text

RECORDS_YEARS = 7
"""CLI-9: how long records outlive the relationship."""


class PersonKind(StrEnum):
    """A human being, or a corporation, partnership or trust that is a party itself."""

    INDIVIDUAL = "individual"
    ENTITY = "entity"


class Why(StrEnum):
    """For what purpose somebody reads personal data; kept with each reading."""

    OWN = "own-data"
    ONBOARDING = "onboarding"
    SCREENING = "screening"
    CLIENT = "client-service"
    TAX = "tax-report"


class IdKind(StrEnum):
    """Which paper proves who somebody is."""

    HKID = "hkid"
    PASSPORT = "passport"
    NATIONAL = "national-id"


class BadCountry(Refused):
    """Not one of ISO 3166's two-letter codes."""

    code = "clients.bad-country"


class BadBirthDate(Refused):
    """A birth date in the future, or too young or too old for business."""

    code = "clients.bad-birth-date"


class RecordsKept(Refused):
    """CLI-9: the records must still be kept, so the person cannot be erased."""

    code = "clients.records-kept"


class LegalHold(Refused):
    """A legal hold forbids to destroy this person's records."""

    code = "clients.legal-hold"


class UnknownPerson(Refused):
    """There is no person of that id."""

    code = "clients.unknown-person"


class UnknownRecord(Refused):
    """There is no such record, or not of this kind."""

    code = "clients.unknown-record"


class PersonErased(Refused):
    """The person's data has been destroyed."""

    code = "clients.person-erased"


class HoldStands(Refused):
    """The hold asked for stands, or the one to lift does not."""

    code = "clients.hold-stands"


class CannotAct(Refused):
    """CLI-13: who died or is insolvent acts for nobody and becomes nobody's client."""

    code = "clients.cannot-act"


class RecordSettled(Refused):
    """The firm has decided on these details, so the person does not change them alone."""

    code = "clients.record-settled"


def check_own_change(person: UUID, *, by: UUID | None, settled: bool) -> None:
    """CLI-10: pass unless `by` would change the own record after the firm relied on it; RecordSettled."""
    if by == person and settled:
        raise RecordSettled("Your details are on record. Ask the firm to change them.", person=person)


def check_can_act(*, died_at: datetime | None, insolvent_at: datetime | None) -> None:
    """CLI-13: pass unless a person's death or insolvency was reported; raises CannotAct."""
    if died_at or insolvent_at:
        befell = "death" if died_at else "bankruptcy or winding-up"
        raise CannotAct(f"This person's {befell} was reported; let somebody else act.")


def checked_country(code: str) -> str:
    """The same two-letter code of a country, in capitals; raises BadCountry."""
    wanted = code.strip().upper()
    if len(wanted) != 2 or wanted not in iso3166.countries_by_alpha2:
        raise BadCountry("Write the country as its two-letter code, such as HK.")
    return wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where somebody lives or is established; `city` is what a tax report cannot do without."""

    line: str
    city: str
    country: str

    def checked(self) -> Self:
        """The same address in the form that is stored; raises BadText or BadCountry."""
        return type(self)(
            line=checked_text(self.line), city=checked_text(self.city), country=checked_country(self.country)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Individual:
    """A human being as the papers name them; `native_name` is the name in the person's own script."""

    family_name: str
    given_names: str
    birth_date: date
    nationality: str
    id_kind: IdKind
    id_number: str
    address: Address
    native_name: str = ""
    email: str = ""
    phone: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name to show and to screen, the Latin one first."""
        latin = f"{self.family_name} {self.given_names}"
        return (latin, self.native_name) if self.native_name else (latin,)

    def checked(self, today: date) -> Self:
        """The same details in the form that is stored.

        Raises BadText, BadCountry, BadBirthDate or BadAddress.
        """
        if not 18 <= _years(self.birth_date, today) <= 120:
            raise BadBirthDate("Check the birth date: a client is between 18 and 120 years old.")
        return type(self)(
            family_name=checked_text(self.family_name),
            given_names=checked_text(self.given_names),
            birth_date=self.birth_date,
            nationality=checked_country(self.nationality),
            id_kind=self.id_kind,
            id_number=checked_text(self.id_number, longest=40),
            address=self.address.checked(),
            native_name=_optional(self.native_name),
            email=checked_email(self.email) if self.email.strip() else "",
            phone=_optional(self.phone, longest=40),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A corporation, partnership or trust as its papers name it."""

    name: str
    number: str
    country: str
    address: Address
    native_name: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name to show and to screen."""
        return (self.name, self.native_name) if self.native_name else (self.name,)

    def checked(self, today: date) -> Self:
        """The same details in the form that is stored; raises BadText or BadCountry."""
        return type(self)(
            name=checked_text(self.name),
            number=checked_text(self.number, longest=40),
            country=checked_country(self.country),
            address=self.address.checked(),
            native_name=_optional(self.native_name),
        )


def _optional(text: str, *, longest: int = 200) -> str:
    return checked_text(text, longest=longest) if text.strip() else ""


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def check_erasable(ends: Iterable[datetime | None], *, held: bool, at: datetime) -> None:
    """CLI-9: pass if every relationship ended seven years before `at` and nothing holds the records.

    `ends` has one instant for each client or application of the person, None for one that goes on.
    Raises LegalHold or RecordsKept.
    """
    if held:
        raise LegalHold("A legal hold is on this person's records; lift it first.")
    for end in ends:
        if end is None:
            raise RecordsKept("The person is still a client or an applicant; nothing can be erased.")
        until = seven_years_after(end)
        if at < until:
            raise RecordsKept("These records must be kept for seven years.", until=until)


def seven_years_before(at: datetime) -> datetime:
    """CLI-9: records of what ended by then need no longer be kept at `at`; a day more on 29 February."""
    day = 28 if (at.month, at.day) == (2, 29) else at.day
    return at.replace(year=at.year - RECORDS_YEARS, day=day)


def seven_years_after(end: datetime) -> datetime:
    """CLI-9: when records of what ended at `end` need no longer be kept."""
    year = end.year + RECORDS_YEARS
    return (
        end.replace(year=year) if (end.month, end.day) != (2, 29) else end.replace(year=year, month=3, day=1)
    )
