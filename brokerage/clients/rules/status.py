"""Who may do what: the states of a client, the way from one to the next, and what each allows."""

import re
from enum import StrEnum
from uuid import UUID, uuid5

from brokerage.ledger.refusal import Refused

from .reasons import checked_reason

CLIENTS = UUID("8d3b7a52-54c7-4e0f-9d55-0c1a6f6d1b11")
"""The name space of client ids."""
REFERENCE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")


class ClientType(StrEnum):
    """What the client is in law; accounts, mandates and tax reports follow from it."""

    INDIVIDUAL = "individual"
    JOINT = "joint"
    CORPORATE = "corporate"
    PARTNERSHIP = "partnership"
    TRUST = "trust"


class Classification(StrEnum):
    """Retail, or professional investor (RULEBOOK CLI-1)."""

    RETAIL = "retail"
    PROFESSIONAL = "pi"


class ClientStatus(StrEnum):
    """Active; suspended by the house; frozen by law, death or insolvency; dormant; closed for good."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    FROZEN = "frozen"
    DORMANT = "dormant"
    CLOSED = "closed"


class Act(StrEnum):
    """What is done to a client's account."""

    OPEN_ACCOUNT = "open-account"
    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"
    BUY = "buy"
    SELL = "sell"
    PLEDGE = "pledge"
    RELEASE = "release"
    HOUSE_SALE = "house-sale"
    AUTHORISE = "authorise"
    """A standing authority is given or renewed."""
    AMEND = "amend"
    """Who is behind the client changes."""


ALLOWED: dict[ClientStatus, frozenset[Act]] = {
    ClientStatus.ACTIVE: frozenset(Act),
    ClientStatus.SUSPENDED: frozenset({Act.DEPOSIT, Act.SELL, Act.PLEDGE, Act.HOUSE_SALE}),
    ClientStatus.FROZEN: frozenset({Act.DEPOSIT, Act.HOUSE_SALE}),
    ClientStatus.DORMANT: frozenset({Act.DEPOSIT, Act.SELL, Act.PLEDGE, Act.HOUSE_SALE}),
    ClientStatus.CLOSED: frozenset(),
}
"""House policy: a suspended or dormant client may only reduce risk, the house may sell what is pledged."""

NEXT: dict[ClientStatus, frozenset[ClientStatus]] = {
    ClientStatus.ACTIVE: frozenset(
        {ClientStatus.SUSPENDED, ClientStatus.FROZEN, ClientStatus.DORMANT, ClientStatus.CLOSED}
    ),
    ClientStatus.SUSPENDED: frozenset({ClientStatus.ACTIVE, ClientStatus.FROZEN, ClientStatus.CLOSED}),
    ClientStatus.FROZEN: frozenset({ClientStatus.ACTIVE, ClientStatus.SUSPENDED}),
    ClientStatus.DORMANT: frozenset(
        {ClientStatus.ACTIVE, ClientStatus.SUSPENDED, ClientStatus.FROZEN, ClientStatus.CLOSED}
    ),
    ClientStatus.CLOSED: frozenset(),
}
"""Frozen is lifted before it is closed, and closed is final."""

DUAL = frozenset({ClientStatus.ACTIVE, ClientStatus.FROZEN, ClientStatus.CLOSED})
"""House policy: two people bring a client into these; anyone entitled may suspend at once."""


class UnknownClient(Refused):
    """There is no client of that id."""

    code = "clients.unknown-client"


class BadReference(Refused):
    """A client reference of the wrong shape."""

    code = "clients.bad-reference"


class ReferenceTaken(Refused):
    """Another client has that reference."""

    code = "clients.reference-taken"


class NotActive(Refused):
    """The client's status does not allow the act."""

    code = "clients.not-active"


class CloseElsewhere(Refused):
    """A client is closed by the room that sees the accounts, which proves that nothing is left."""

    code = "clients.close-elsewhere"


class ClientClosed(Refused):
    """The client is closed for good: nothing is left to stop, and nobody acts for it again."""

    code = "clients.client-closed"


class BadTransition(Refused):
    """A status that cannot follow the present one."""

    code = "clients.bad-transition"


def client_id(reference: str) -> UUID:
    """The id a reference stands for: one reference, one client, even when two try at once."""
    return uuid5(CLIENTS, reference)


def check_may(status: ClientStatus, act: Act) -> None:
    """Pass if a client in `status` may have `act` done; raises NotActive otherwise.

    Its words are the same for every status: a freeze may be one that nobody tells the client of (CLI-12).
    """
    if act not in ALLOWED[status]:
        raise NotActive("This cannot be done for the client now.", status=status, act=act)


def check_not_closed(status: ClientStatus) -> None:
    """Pass unless the client is closed; raises ClientClosed."""
    if status is ClientStatus.CLOSED:
        raise ClientClosed("The client is closed, and stays so.")


def check_transition(old: ClientStatus, new: ClientStatus, reason: str) -> None:
    """Pass if `new` may follow `old` for a stated reason; raises BadTransition or BadReason."""
    if new not in NEXT[old]:
        raise BadTransition(f"A client that is {old} cannot become {new}.", status=old, wanted=new)
    checked_reason(reason)


def checked_reference(reference: str) -> str:
    """The same reference, proved to be 2 to 32 capital letters, digits or hyphens; raises BadReference.

    The shape leaves no room for a name or a document number written out.
    """
    if not REFERENCE.fullmatch(reference):
        raise BadReference("A client reference is 2 to 32 capital letters, digits or hyphens.")
    return reference
