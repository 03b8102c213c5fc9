"""How strangers and those a client invites come to a login, on a stream of each asking. No address."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brokerage.ledger.registry import Audience, event


@event("access.sign-up-asked", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpAsked:
    """Somebody may open a login for this person with a link that was mailed; it is good once, until then."""

    person: UUID
    expires_at: datetime


@event("access.sign-up-confirmed", audience=Audience.STAFF)
@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpConfirmed:
    """Whoever reads that mailbox opened the login with this stream; the link is spent."""

    login: UUID
