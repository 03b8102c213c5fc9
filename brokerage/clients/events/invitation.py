"""Who was invited to a login of his own. Where the letter went is with the link, sealed."""

from dataclasses import dataclass
from uuid import UUID

from brokerage.ledger.registry import event


@event("clients.application-party-invited")
@dataclass(frozen=True, slots=True, kw_only=True)
class PartyInvited:
    """The applicant had a link mailed with which this person opens a login; `link` is its stream."""

    person: UUID
    link: UUID


@event("clients.person-invited")
@dataclass(frozen=True, slots=True, kw_only=True)
class PersonInvited:
    """The firm had a link mailed with which somebody it knows opens a login; `link` is its stream."""

    link: UUID
