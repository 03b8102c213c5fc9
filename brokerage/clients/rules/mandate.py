"""How many people an instruction needs (CLI-13): one holder or signatory, or several together."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from brokerage.ledger.refusal import Refused

from .status import ClientType

MOST = 5


class BadMandate(Refused):
    """A mandate that nobody, or not enough people, could fulfil."""

    code = "clients.bad-mandate"


class MandateNotMet(Refused):
    """Fewer entitled people stand behind an instruction than the client's mandate asks for."""

    code = "clients.mandate-not-met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """The people who may instruct, and how many of them it takes together."""

    signatures: int
    people: frozenset[UUID]


def check_mandate(form: ClientType, signatures: int, people: Collection[UUID]) -> None:
    """Pass if enough people can sign; raises BadMandate. One person alone holds an individual's account."""
    most = 1 if form is ClientType.INDIVIDUAL else MOST
    if not 1 <= signatures <= most:
        raise BadMandate(f"An instruction needs one to {most} signatures.", signatures=signatures)
    if len(set(people)) < signatures:
        raise BadMandate("Name at least as many signatories as must sign together.", signatures=signatures)


def check_left(signatures: int, people: Collection[UUID]) -> None:
    """CLI-13: pass if those who are left can fulfil the mandate; raises BadMandate."""
    if len(set(people)) < signatures:
        raise BadMandate(
            "Too few would be left to sign: first let somebody else act, or change the mandate.",
            signatures=signatures,
        )


def check_instructed(mandate: Mandate, by: Collection[UUID]) -> None:
    """CLI-13: pass if enough of the entitled people stand behind an instruction; raises MandateNotMet."""
    given = len(mandate.people & set(by))
    if given < mandate.signatures:
        raise MandateNotMet(
            f"This takes {mandate.signatures} of those who sign for the client;"
            f" send a paper signed by {mandate.signatures} of them.",
            needed=mandate.signatures,
            given=given,
        )
