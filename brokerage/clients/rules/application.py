"""An application: who has a part in it, and the facts that decide where it stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused

from .agreements import AgreementKind
from .classification import Investor
from .mandate import check_mandate
from .status import ClientType


class State(StrEnum):
    """A draft is the applicant's to change; a submitted application is the firm's to judge."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({State.DRAFT, State.SUBMITTED})


class Stage(StrEnum):
    """The steps, in their order."""

    APPLICATION = "application"
    IDENTITY = "identity"
    SCREENING = "screening"
    CLASSIFICATION = "classification"
    KNOWLEDGE = "knowledge"
    CREDIT = "credit"
    AGREEMENTS = "agreements"
    TAX = "tax"
    FIRST_TRANSFER = "first-transfer"
    APPROVAL = "approval"


class Waits(StrEnum):
    """For whom an application waits."""

    APPLICANT = "applicant"
    OPERATIONS = "operations"
    COMPLIANCE = "compliance"
    CREDIT = "credit"
    CHECKER = "second-person"


class PartyRole(StrEnum):
    """What a person is in an application."""

    HOLDER = "holder"
    ENTITY = "entity"
    SIGNATORY = "signatory"
    DIRECTOR = "director"
    PARTNER = "partner"
    TRUSTEE = "trustee"
    SETTLOR = "settlor"
    BENEFICIARY = "beneficiary"
    CONTROLLER = "controller"


class Control(StrEnum):
    """How a person controls an entity, by CARF's codes."""

    OWNERSHIP = "801"
    OTHER_MEANS = "802"
    SENIOR_OFFICIAL = "803"
    SETTLOR = "804"
    TRUSTEE = "805"
    PROTECTOR = "806"
    BENEFICIARY = "807"
    TRUST_OTHER = "808"


class UnknownApplication(Refused):
    """There is no application of that id."""

    code = "clients.unknown-application"


class ApplicationClosed(Refused):
    """The application was decided or withdrawn."""

    code = "clients.application-closed"


class NotADraft(Refused):
    """The application lies with the firm; it must be returned before the applicant can change it."""

    code = "clients.application-submitted"


class PartiesMissing(Refused):
    """The people that this legal form needs are not all named, or too many are."""

    code = "clients.parties-missing"


class RoleForeign(Refused):
    """A role that this legal form does not have."""

    code = "clients.role-foreign"


class RoleUnfit(Refused):
    """A role that is for human beings, for the client itself or for anybody but the client."""

    code = "clients.role-unfit"


class UnknownParty(Refused):
    """The person has no such part in the application."""

    code = "clients.unknown-party"


class StepMissing(Refused):
    """A step that comes first is not done."""

    code = "clients.step-missing"


class StepNotNeeded(Refused):
    """An amendment that leaves the client who it is asks for no new judgement."""

    code = "clients.step-not-needed"


@dataclass(frozen=True, slots=True)
class Party:
    """A person and a role in an application."""

    person: UUID
    role: PartyRole


def owners_in(parties: Collection[Party]) -> frozenset[UUID]:
    """Who the client is by these roles: its holders, or the entity itself."""
    return frozenset(each.person for each in parties if each.role in (PartyRole.HOLDER, PartyRole.ENTITY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that decides where an application stands. Sets hold the persons of whom something is so.

    `before` is who was behind the client that is amended: nobody for one of an import, None for a new client;
    `stopped` are those of them who were let act and are no longer, or were not when it was decided;
    `overtaken` those who are to sign and were stopped since it was begun.
    """

    form: ClientType
    signatures: int
    margin: bool
    state: State
    parties: tuple[Party, ...] = ()
    before: tuple[Party, ...] | None = None
    stopped: frozenset[Party] = frozenset()
    overtaken: frozenset[Party] = frozenset()
    described: frozenset[UUID] = frozenset()
    entities: frozenset[UUID] = frozenset()
    documented: frozenset[UUID] = frozenset()
    identified: frozenset[UUID] = frozenset()
    screened: frozenset[UUID] = frozenset()
    finances: bool = False
    answers: bool = False
    investor: Investor | None = None
    knowledge: bool = False
    credit: bool = False
    signed: Mapping[AgreementKind, frozenset[UUID]] = field(default_factory=dict)
    certified: frozenset[UUID] = frozenset()
    passive: bool = False
    transferred: bool = False

    def of(self, *roles: PartyRole) -> frozenset[UUID]:
        """The persons with any of these roles."""
        return frozenset(party.person for party in self.parties if party.role in roles)

    @property
    def people(self) -> frozenset[UUID]:
        """Everybody with a role, entities among them."""
        return frozenset(party.person for party in self.parties)

    @property
    def owners(self) -> frozenset[UUID]:
        """Who the client will be: its holders, or the entity itself."""
        return owners_in(self.parties)

    @property
    def signers(self) -> frozenset[UUID]:
        """Who signs for the client: its holders, or its signatories."""
        return self.of(PartyRole.HOLDER) or self.of(PartyRole.SIGNATORY)


ROLES: dict[ClientType, dict[PartyRole, tuple[int, int]]] = {
    ClientType.INDIVIDUAL: {PartyRole.HOLDER: (1, 1)},
    ClientType.JOINT: {PartyRole.HOLDER: (2, 4)},
    ClientType.CORPORATE: {
        PartyRole.ENTITY: (1, 1),
        PartyRole.DIRECTOR: (1, 20),
        PartyRole.CONTROLLER: (1, 20),
        PartyRole.SIGNATORY: (1, 10),
    },
    ClientType.PARTNERSHIP: {
        PartyRole.ENTITY: (1, 1),
        PartyRole.PARTNER: (2, 20),
        PartyRole.CONTROLLER: (0, 20),
        PartyRole.SIGNATORY: (1, 10),
    },
    ClientType.TRUST: {
        PartyRole.ENTITY: (1, 1),
        PartyRole.TRUSTEE: (1, 10),
        PartyRole.SETTLOR: (1, 10),
        PartyRole.BENEFICIARY: (0, 20),
        PartyRole.CONTROLLER: (0, 20),
        PartyRole.SIGNATORY: (1, 10),
    },
}
"""The least and the most people of each role that a legal form has; it has no other role."""


HUMAN = frozenset({PartyRole.HOLDER, PartyRole.SIGNATORY, PartyRole.CONTROLLER})
"""What only a human being is. Who directs, founds or benefits from an entity may be another entity."""


def check_naming(
    form: ClientType,
    parties: Collection[Party],
    named: Party,
    control: Control | None,
    *,
    is_entity: bool,
) -> None:
    """CLI-13: pass if a person, or an entity, may have a role beside those who are named.

    Raises RoleForeign, RoleUnfit, PartiesMissing for one too many, or UnknownParty unless a controller, and
    nobody else, comes with how the entity is controlled.
    """
    _check_role(form, named.role)
    _check_fits(named, parties, is_entity=is_entity)
    if (control is not None) is not (named.role is PartyRole.CONTROLLER):
        raise UnknownParty("Say how a controller controls the entity, and of nobody else.", role=named.role)
    most = ROLES[form][named.role][1]
    if len({each.person for each in parties if each.role is named.role} | {named.person}) > most:
        raise PartiesMissing(f"At most {most} can be {named.role}; remove one first.", role=named.role)


def _check_role(form: ClientType, role: PartyRole) -> None:
    if role not in ROLES[form]:
        raise RoleForeign(f"This is no role in an application of this kind: {role}.", form=form, role=role)


def _check_fits(party: Party, parties: Collection[Party], *, is_entity: bool) -> None:
    """An entity signs for nobody and controls nobody in the end, least of all itself."""
    if is_entity and party.role in HUMAN:
        raise RoleUnfit("Name the human being who is this; an entity is none.", role=party.role)
    if not is_entity and party.role is PartyRole.ENTITY:
        raise RoleUnfit("A human being is no entity; name what is to be the client.", role=party.role)
    roles = {party.role} | {each.role for each in parties if each.person == party.person}
    if PartyRole.ENTITY in roles and len(roles) > 1:
        raise RoleUnfit("The entity that is the client has no other part in it.", role=party.role)


def check_parties(facts: Facts) -> None:
    """CLI-13: pass if the legal form's people, and no others, are all named and can sign.

    Raises RoleForeign, RoleUnfit, PartiesMissing or BadMandate.
    """
    for party in facts.parties:
        _check_role(facts.form, party.role)
        _check_fits(party, facts.parties, is_entity=party.person in facts.entities)
    for role, (least, most) in ROLES[facts.form].items():
        named = len(facts.of(role))
        if not least <= named <= most:
            raise PartiesMissing(f"Name {least} to {most} as {role}; there are {named}.", role=role)
    check_mandate(facts.form, facts.signatures, facts.signers)


def check_draft(state: State) -> None:
    """Pass while the applicant may change what was said; raises ApplicationClosed or NotADraft."""
    if state not in OPEN:
        raise ApplicationClosed("This application was decided or withdrawn.", state=state)
    if state is not State.DRAFT:
        raise NotADraft("The application lies with the firm. Ask to have it returned.", state=state)


def party_id(application: UUID, person: UUID, role: PartyRole) -> UUID:
    """The id of one person's one role in an application."""
    return uuid5(application, f"{person}:{role}")


def signature_id(stream: UUID, person: UUID, agreement: UUID) -> UUID:
    """The id of one person's signature under one version of an agreement."""
    return uuid5(stream, f"{person}:{agreement}")
