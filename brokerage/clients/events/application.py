"""The way of an application: ids, codes, hashes, dates and outcomes. What people told us is in the vault."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerage.ledger.registry import event, upcaster

from ..rules.agreements import AgreementKind
from ..rules.application import Control, PartyRole
from ..rules.status import ClientType


@event("clients.application-started", schema=2)
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationStarted:
    """Somebody applies to become a client of this legal form; `signatures` must stand under instructions.

    With a `client` it is an amendment: who is behind that client is to change.
    """

    applicant: UUID
    form: ClientType
    signatures: int
    margin: bool
    client: UUID | None = None


@upcaster("clients.application-started", schema=1)
def _of_a_new_client(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "client": None}


@event("clients.application-party-named")
@dataclass(frozen=True, slots=True, kw_only=True)
class PartyNamed:
    """A person has a role in the application."""

    person: UUID
    role: PartyRole
    control: Control | None


@event("clients.application-party-removed")
@dataclass(frozen=True, slots=True, kw_only=True)
class PartyRemoved:
    """A person no longer has a role in the application."""

    person: UUID
    role: PartyRole


@event("clients.application-finances-given")
@dataclass(frozen=True, slots=True, kw_only=True)
class FinancesGiven:
    """What the applicant owns and owes is in this vault record."""

    record: UUID
    digest: str


@event("clients.application-answers-given")
@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersGiven:
    """CLI-3: the enquiry about knowledge was made; its answers are in this vault record."""

    record: UUID
    digest: str


@event("clients.application-submitted")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSubmitted:
    """The applicant handed the application in."""

    people: int


@event("clients.application-returned")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReturned:
    """The firm gave the application back to be changed, for a stated reason (a code)."""

    reason: str


@event("clients.application-person-identified")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonIdentified:
    """Staff compared this version of a person's details with a paper, and they agree."""

    person: UUID
    version: UUID
    document: UUID


@event("clients.agreement-published")
@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementPublished:
    """A version of an agreement is in force from now on; `digest` is its text's SHA-256."""

    agreement: UUID
    kind: AgreementKind
    version: int
    digest: str


@event("clients.agreement-signed", schema=2)
@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementSigned:
    """A person signed a version, a second factor just shown. From where, is in the record `circumstances`."""

    person: UUID
    agreement: UUID
    digest: str
    circumstances: UUID
    confirmed_at: datetime | None


@upcaster("clients.agreement-signed", schema=1)
def _without_kind(data: dict[str, Any]) -> dict[str, Any]:
    """A signature said how it was given while paper was foreseen; none was ever given on it."""
    return {name: value for name, value in data.items() if name != "kind"}


@event("clients.application-transfer-received", schema=2)
@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTransferReceived:
    """CLI-5: the first money came from the client's own Hong Kong account, which is in this vault record.

    What was recorded before amounts were kept has none.
    """

    account: UUID
    digest: str
    document: UUID
    received_on: date
    amount: Decimal | None
    currency: str


@upcaster("clients.application-transfer-received", schema=1)
def _without_amount(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "amount": None, "currency": "HKD"}


@event("clients.application-approved", schema=2)
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationApproved:
    """Two people made the applicant a client, or a client what the amendment says, on these signed papers."""

    client: UUID
    documents: tuple[UUID, ...] = ()


@upcaster("clients.application-approved", schema=1)
def _without_papers(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "documents": []}


@event("clients.application-refused")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRefused:
    """The firm will not deal with the applicant, for a stated reason (a code or case number)."""

    reason: str


@event("clients.application-withdrawn")
@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationWithdrawn:
    """The applicant no longer wants to become a client."""

    by: UUID
