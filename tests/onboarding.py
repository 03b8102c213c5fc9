"""Applicants for tests, and the factory that takes one through the whole way by the commands."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import factory

from brokerage.clients import commands, queries, vault
from brokerage.clients.commands.screening import adopt_screening_list, screen
from brokerage.clients.queries import screening
from brokerage.clients.rules.application import Control, PartyRole
from brokerage.clients.rules.authority import Capacity
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.finances import Finances
from brokerage.clients.rules.person import Address, Entity, IdKind, Individual
from brokerage.clients.rules.screening_csv import HEADER
from brokerage.clients.rules.status import ClientType
from brokerage.clients.rules.tax import EntityKind, Residence
from brokerage.config import newcomers
from brokerage.config.newcomers import Desk, Named, Newcomer
from brokerage.ledger import seams
from brokerage.ledger.entry import Context, Source
from tests.factories import by_two, context

DESK = Desk(alone=context, two=by_two)
NOBODY = "UN-9,sanction,Somebody Else,,1950,KP,UN"
"""A line of a screening list that names nobody here."""
HOME = Address(line="1 Harbour Road", city="Hong Kong", country="HK")


class PersonFactory(factory.Factory):
    """A grown-up from Hong Kong, as the papers say."""

    class Meta:
        model = Individual

    family_name = "Chan"
    given_names = factory.Sequence(lambda number: f"Tai Man {number}")
    birth_date = date(1980, 2, 3)
    nationality = "HK"
    id_kind = IdKind.HKID
    id_number = factory.Sequence(lambda number: f"A{number:06d}(0)")
    address = HOME


class FinancesFactory(factory.Factory):
    """Two million in cash and shares, half a million in virtual assets, evidenced today."""

    class Meta:
        model = Finances

    evidence_dated = factory.LazyFunction(lambda: seams.now().date())
    cash = Decimal(1_000_000)
    securities = Decimal(1_000_000)
    virtual_assets = Decimal(500_000)


class HolderFactory(factory.Factory):
    """A holder of the account."""

    class Meta:
        model = Named

    details = factory.SubFactory(PersonFactory)
    roles = (PartyRole.HOLDER,)


class NewcomerFactory(factory.Factory):
    """A retail client who wants to borrow half a million."""

    class Meta:
        model = Newcomer

    form = ClientType.INDIVIDUAL
    people = factory.LazyFunction(lambda: (HolderFactory(),))
    finances = factory.SubFactory(FinancesFactory)
    requested = Decimal(500_000)


def company(*controllers: Named, kind: EntityKind = EntityKind.PASSIVE, **changes: Any) -> Newcomer:
    """A company with two signatories who sign together, and those who control it."""
    details = Entity(name="Harbour Holdings Limited", number="1234567", country="HK", address=HOME)
    body = Named(details=details, roles=(PartyRole.ENTITY,), entity=kind)
    signatories = [
        HolderFactory(roles=(PartyRole.SIGNATORY, PartyRole.DIRECTOR)),
        HolderFactory(roles=(PartyRole.SIGNATORY,)),
    ]
    people = (body, *signatories, *(controllers or (controller("HK"),)))
    known = {"form": ClientType.CORPORATE, "people": people, "signatures": 2}
    return NewcomerFactory(**(known | changes))


def controller(country: str, *residences: Residence) -> Named:
    """An owner who lives in a country."""
    home = Address(line="2 High Street", city="Town", country=country)
    details = PersonFactory(nationality=country, id_kind=IdKind.PASSPORT, address=home)
    return Named(
        details=details, roles=(PartyRole.CONTROLLER,), control=Control.OWNERSHIP, residences=residences
    )


def furnish_onboarding() -> None:
    """Agreements in force, and a screening list that names nobody here."""
    newcomers.publish(DESK)
    if screening.list_in_force() is None:
        listed(NOBODY)


def listed(*lines: str, dated: date = date(2026, 11, 1)) -> str:
    """Put a screening list in force; returns its version."""
    content = "\n".join([HEADER, *lines]).encode()
    return adopt_screening_list(context(), content=content, dated=dated, source="UN").value


def screened(person: UUID) -> UUID:
    """Compare a recorded person with the list in force, or with one that names nobody here."""
    if screening.list_in_force() is None:
        listed(NOBODY)
    if not screening.is_screened(person):
        screen(context(), person=person)
    return person


def matched(person: UUID) -> dict[str, Any]:
    """What names a person's hit to those who judge it: every match that stops the person."""
    return {"person": person, "matches": tuple(screening.stopping_matches(screening.hit(person)))}


def certified(person: UUID) -> tuple[str, ...]:
    """The countries of a person's newest tax certificate, from the vault."""
    status = queries.tax_status(person)
    assert status is not None
    return tuple(vault.known(status.record).countries)


def entitled(client: UUID, person: UUID | None = None, capacity: Capacity = Capacity.HOLDER) -> UUID:
    """Let a person act for a client, recorded, proved and screened if need be; returns the person."""
    person = person or seams.new_id()
    if queries.person_if_known(person) is None:
        details = vault.put(person, vault.Kind.INDIVIDUAL, PersonFactory())
        commands.record_person(context(), version=details.id)
    granted = {"client": client, "person": screened(person), "capacity": capacity}
    commands.grant_authority(by_two(), **granted, document=identity(person))
    return person


def identity(person: UUID) -> UUID:
    """A paper that proves who a person is; stored if need be."""
    kept = [paper.id for paper in queries.documents(person) if paper.kind == DocumentKind.IDENTITY]
    return kept[0] if kept else newcomers.paper(DESK, person, DocumentKind.IDENTITY)


def signing(client: UUID) -> Context:
    """A context of one who signs for the client, in the portal; of a new holder if nobody does."""
    people = queries.authority_holders(client) or {entitled(client)}
    return context(source=Source.PORTAL, maker=min(people))


class OnboardedClientFactory(factory.Factory):
    """Takes a newcomer through every step and returns the client's id."""

    class Meta:
        model = Newcomer

    newcomer = factory.SubFactory(NewcomerFactory)
    reference = factory.Sequence(lambda number: f"N-{number:06d}")

    @classmethod
    def _create(cls, model_class: Any, *, newcomer: Newcomer, reference: str) -> UUID:
        furnish_onboarding()
        return newcomers.onboard(DESK, newcomer, reference)
