"""The demonstration's people: newcomers on every step of the way, and who holds its first clients."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

from brokerage.clients import commands, queries, vault
from brokerage.clients.commands.screening import adopt_screening_list, screen
from brokerage.clients.models import Client
from brokerage.clients.queries.screening import is_screened
from brokerage.clients.rules.application import Control, PartyRole, Stage
from brokerage.clients.rules.authority import Capacity, authority_id
from brokerage.clients.rules.classification import Investor
from brokerage.clients.rules.documents import DocumentKind
from brokerage.clients.rules.finances import Finances
from brokerage.clients.rules.person import Address, Entity, IdKind, Individual
from brokerage.clients.rules.screening_csv import HEADER
from brokerage.clients.rules.status import ClientType
from brokerage.clients.rules.tax import EntityKind, Residence
from brokerage.ledger.entry import Context

from .newcomers import PAPER, Desk, Named, Newcomer, apply, go_on, onboard, publish

HOME = Address(line="8 Invented Street", city="Hong Kong", country="HK")
LONDON = Address(line="1 Invented Lane", city="London", country="GB")
LISTED = f"{HEADER}\nDEMO-1,sanction,Nobody Atall,,1950,KP,Demonstration\n"


def welcome(alone: Callable[[], Context], two: Callable[[], Context], day: date) -> None:
    """Tell the story of the newcomers on a day; the contexts are of one person and of two."""
    desk = Desk(alone=alone, two=two)
    publish(desk)
    adopt_screening_list(alone(), content=LISTED.encode(), dated=day, source="Demonstration")
    onboard(desk, _alone("Lam", "Ka Yan", "林嘉欣", day), "N20001")
    onboard(desk, _together(day), "N20002")
    onboard(desk, _company(day), "N20003")
    waiting = _alone("Haddad", "Samir", "سمير حداد", day)
    go_on(desk, apply(desk, waiting), waiting, Stage.CREDIT)
    apply(desk, _alone("Nguyễn", "Thị Ánh", "", day))


def holder(reference: str, context: Callable[[str], Context]) -> UUID:
    """Who holds the client of that reference; recorded, screened and entitled if that is still to be done.

    `context` makes a context of two persons for a key.
    """
    client = Client.objects.get(reference=reference).id
    person = uuid5(client, "holder")
    if queries.person_if_known(person) is None:
        family, _, given = queries.labels([client])[client].partition(" ")
        details = vault.put(person, vault.Kind.INDIVIDUAL, _person(family, given))
        commands.record_person(context(f"{reference}:person"), version=details.id)
    if not is_screened(person):
        screen(context(f"{reference}:screening"), person=person)
    if not queries.authority_stands(authority_id(client, person, Capacity.HOLDER)):
        sealed = vault.put(person, vault.Kind.DOCUMENT, PAPER).id
        proof = commands.store_document(
            context(f"{reference}:proof"), document=sealed, kind=DocumentKind.IDENTITY
        ).value
        commands.grant_authority(
            context(f"{reference}:holder"),
            client=client,
            person=person,
            capacity=Capacity.HOLDER,
            document=proof,
        )
    return person


def _person(family: str, given: str, native: str = "", address: Address = HOME) -> Individual:
    return Individual(
        family_name=family,
        given_names=given,
        native_name=native,
        birth_date=date(1984, 5, 6),
        nationality=address.country,
        id_kind=IdKind.PASSPORT,
        id_number="DEMO0000",
        address=address,
    )


def _worth(day: date, cash: int = 2_000_000) -> Finances:
    return Finances(evidence_dated=day, cash=Decimal(cash), securities=Decimal(1_500_000))


def _alone(family: str, given: str, native: str, day: date) -> Newcomer:
    holder = Named(details=_person(family, given, native), roles=(PartyRole.HOLDER,))
    return Newcomer(
        form=ClientType.INDIVIDUAL,
        people=(holder,),
        finances=_worth(day),
        requested=Decimal(800_000),
    )


def _together(day: date) -> Newcomer:
    people = (("Wong", "Siu Ming", "黃小明"), ("Wong", "Mei Ling", "黃美玲"))
    holders = tuple(Named(details=_person(*each), roles=(PartyRole.HOLDER,)) for each in people)
    return Newcomer(form=ClientType.JOINT, people=holders, finances=_worth(day), signatures=2)


def _company(day: date) -> Newcomer:
    """A passive company, professional by its portfolio, controlled from Hong Kong and from Britain."""
    body = Entity(name="Invented Holdings Limited", number="0000001", country="HK", address=HOME)
    signing = (PartyRole.SIGNATORY, PartyRole.DIRECTOR)
    owning = (PartyRole.CONTROLLER, PartyRole.SIGNATORY)
    people = (
        Named(details=body, roles=(PartyRole.ENTITY,), entity=EntityKind.PASSIVE),
        Named(details=_person("Ho", "Wai Lun", "何偉倫"), roles=signing),
        Named(details=_person("Ho", "Wai Man"), roles=owning, control=Control.OWNERSHIP),
        Named(
            details=_person("Example", "Anne", address=LONDON),
            roles=(PartyRole.CONTROLLER,),
            control=Control.OWNERSHIP,
            residences=(Residence(country="GB", number="1955839661"),),
        ),
    )
    return Newcomer(
        form=ClientType.CORPORATE,
        people=people,
        finances=_worth(day, 30_000_000),
        signatures=2,
        investor=Investor.CORPORATE,
        requested=Decimal(5_000_000),
    )
